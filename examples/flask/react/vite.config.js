import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/react/", // where app.py serves what is built
  plugins: [react()],
  server: { proxy: { "/answers": process.env.FLASK_URL ?? "http://127.0.0.1:5050" } },
});
