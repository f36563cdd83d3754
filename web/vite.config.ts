import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const client = fileURLToPath(new URL("../clients/js/src/", import.meta.url));

export default defineConfig({
  base: "./", // the server may be mounted below any path
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^livethread$/, replacement: `${client}index.ts` },
      { find: /^livethread\/(.*)$/, replacement: `${client}$1.ts` },
    ],
    dedupe: ["react", "react-dom"],
  },
  build: { outDir: "dist", emptyOutDir: true, target: "es2022" },
  // `npm run dev` beside a server on its usual port
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "happy-dom", testTimeout: 20_000 },
});
