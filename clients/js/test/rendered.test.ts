/** Pages that are rendered on a server, where there is no window. */

import { createElement } from "react";
import * as react from "react-dom/server";
import { expect, test } from "vitest";
import { createSSRApp, h } from "vue";
import * as vue from "vue/server-renderer";
import { createClient } from "../src/index.js";
import * as inReact from "../src/react.js";
import { shared, type UseOptions } from "../src/shared.js";
import * as inVue from "../src/vue.js";
import { Desk, message, snapshot } from "./desk.js";

const renderers: [name: string, render: (options: UseOptions) => string | Promise<string>][] = [
  [
    "React",
    (options) => {
      const Page = () => {
        const { messages, status, activeRuns } = inReact.useThread("thread_a", options);
        const { threads } = inReact.useThreads(options);
        return createElement("p", null, [status, messages.length, activeRuns.length, threads.length].join());
      };
      return react.renderToString(createElement(Page));
    },
  ],
  [
    "Vue",
    (options) => {
      const setup = () => {
        const { messages, status, activeRuns } = inVue.useThread("thread_a", options);
        const { threads } = inVue.useThreads(options);
        return () => h("p", [status, messages, activeRuns, threads].map(({ value }) => (Array.isArray(value) ? value.length : value)).join());
      };
      return vue.renderToString(createSSRApp({ setup }));
    },
  ],
];

test.each(renderers)("%s renders what nobody knows anything of yet, and asks nobody", async (_, render) => {
  const desk = new Desk();
  expect(await render({ ...desk.options, tools: { look: () => "" } })).toBe("<p>connecting,0,0,0</p>");
  await new Promise(setImmediate);
  expect([desk.opened, desk.asked]).toEqual([[], []]);
});

test.each(renderers)("%s renders no more than the page will know that goes on from it", async (_, render) => {
  const desk = new Desk(undefined, () => snapshot("thread_a", [message("thread_a", "msg_1", "Hello")]));
  const client = createClient(desk.options);
  const stop = client.loadThread("thread_a", () => {});
  await stop.ready;
  expect(await render({ client })).toBe("<p>connecting,0,0,0</p>");
  stop();
});

test("what was rendered for one is never used for another", () => {
  const options = { url: "http://desk", token: "secret" };
  expect(shared(options).client).not.toBe(shared(options).client);
});
