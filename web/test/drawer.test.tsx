import { act, cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createClient } from "livethread";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { go } from "../src/app/address";
import { Shell } from "../src/app/Shell";

vi.mock("../src/app/useNarrow", () => ({ useNarrow: () => true }));

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal("fetch", async () => new Promise(() => {}));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  history.replaceState(null, "", location.pathname);
});

test("the drawer closes when the thread behind it changes, as by the way back", async () => {
  const props = { onMe: () => {}, onLocked: () => {}, onForget: null };
  render(<Shell client={createClient({ url: "http://server" })} me={{ user_id: "me", name: "Ann" }} {...props} />);
  const drawer = screen.getByRole("complementary", { name: "Threads and choices", hidden: true });
  await userEvent.click(screen.getByRole("button", { name: "Show threads" }));
  expect(drawer.dataset.open).toBe("true");
  act(() => go("thread_1"));
  expect(drawer.dataset.open).toBe("false");
});
