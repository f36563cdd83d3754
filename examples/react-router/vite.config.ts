import { reactRouter } from "@react-router/dev/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [reactRouter()],
  optimizeDeps: { exclude: ["openai"] }, // stays on the server
  server: { host: "127.0.0.1", port: Number(process.env.PORT ?? 5173), strictPort: true },
});
