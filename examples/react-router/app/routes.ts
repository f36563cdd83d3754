import { index, route, type RouteConfig } from "@react-router/dev/routes";

export default [
  index("routes/home.tsx"),
  route("threads/:thread_id", "routes/thread.tsx"),
  route("api/add-message", "routes/api.add-message.ts"),
  route("api/load-thread", "routes/api.load-thread.ts"),
  route("api/run", "routes/api.run.ts"),
] satisfies RouteConfig;
