import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // what is built works below any path
  plugins: [vue()],
  envPrefix: "LIVETHREAD_URL", // the address of the server, and no other variable, reaches the page
});
