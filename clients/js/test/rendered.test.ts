/** Pages that are rendered on a server, where there is no window. */

import { createElement } from "react";
import * as react from "react-dom/server";
import { expect, test } from "vitest";
import { createSSRApp, h } from "vue";
import * as vue from "vue/server-renderer";
import * as inReact from "../src/react.js";
import { shared } from "../src/shared.js";
import * as inVue from "../src/vue.js";

const nobody: typeof fetch = () => {
  throw new Error("A server that renders asks nobody.");
};
const options = { url: "http://desk", fetch: nobody, tools: { look: () => "" } };

test("React renders what nobody knows anything of yet, and asks nobody", () => {
  const Page = () => {
    const { messages, status, activeRuns } = inReact.useThread("thread_a", options);
    const { threads } = inReact.useThreads(options);
    return createElement("p", null, [status, messages.length, activeRuns.length, threads.length].join());
  };
  expect(react.renderToString(createElement(Page))).toBe("<p>connecting,0,0,0</p>");
});

test("Vue renders what nobody knows anything of yet, and asks nobody", async () => {
  const app = createSSRApp({
    setup() {
      const { messages, status, activeRuns } = inVue.useThread("thread_a", options);
      const { threads } = inVue.useThreads(options);
      return () => h("p", [status.value, messages.value.length, activeRuns.value.length, threads.value.length].join());
    },
  });
  expect(await vue.renderToString(app)).toBe("<p>connecting,0,0,0</p>");
});

test("what was rendered for one is never used for another", () => {
  expect(shared(options).client).not.toBe(shared(options).client);
});
