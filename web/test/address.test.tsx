import { act, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { addressOf, go, serverUrl, threadIn, useAddress } from "../src/app/address";

test.each([
  ["http://127.0.0.1:8000/", "http://127.0.0.1:8000"],
  ["https://example.org/chat/?a=b#thread_1", "https://example.org/chat"],
  ["https://example.org/a/b/index.html", "https://example.org/a/b"],
])("the page %s speaks with the server %s", (page, url) => {
  expect(serverUrl(page)).toBe(url);
});

test.each([
  ["", null],
  ["#", null],
  ["#thread_1", "thread_1"],
  ["#some%20thing", "some thing"],
  ["#%ff", "%ff"],
  ["#..", null],
  ["#%2e", null],
])("the address %j names %j", (hash, id) => {
  expect(threadIn(hash)).toBe(id);
});

test("an address leads back to what it was made of", () => {
  expect(threadIn(addressOf("thread_a b/ü"))).toBe("thread_a b/ü");
});

test("going somewhere is shown, and makes a step to go back over unless it replaces one", () => {
  const Shown = () => <p>{`at ${useAddress()}`}</p>;
  render(<Shown />);
  const before = history.length;
  act(() => go("thread_1"));
  screen.getByText("at thread_1");
  act(() => go(null, { replacing: true }));
  screen.getByText("at null");
  expect(history.length - before).toBe(1);
  act(() => {
    location.hash = "#thread_2"; // a link, or the reader's own typing
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  });
  screen.getByText("at thread_2");
});
