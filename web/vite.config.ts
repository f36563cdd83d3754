import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const client = fileURLToPath(new URL("../clients/js/src/", import.meta.url));

// Nothing is painted before the page knows whether its reader wants it light or dark.
const painted: Plugin = {
  name: "painted-once",
  transformIndexHtml: { order: "post", handler: (html) => html.replace('<script type="module"', "$& blocking=\"render\"") },
};

export default defineConfig({
  base: "./", // the server may be mounted below any path
  plugins: [react(), painted],
  resolve: {
    alias: [
      { find: /^livethread$/, replacement: `${client}index.ts` },
      { find: /^livethread\/(.*)$/, replacement: `${client}$1.ts` },
    ],
    dedupe: ["react", "react-dom"],
  },
  build: {
    outDir: "../src/livethread/page/built/web",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"], // the first that have light-dark() and Map.groupBy
    assetsInlineLimit: 0, // the page's Content-Security-Policy
    chunkSizeWarningLimit: 600, // one script on purpose; tests/clients/test_web.py holds its compressed size
    rolldownOptions: {
      output: { codeSplitting: false }, // a part that is asked for later may be gone: the server may be another one then
      checks: { bundlerTimings: false }, // of no use to whoever starts a server
    },
  },
  // `npm run dev` beside a server on its usual port
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "happy-dom", testTimeout: 20_000, css: { include: /tokens/ } },
});
