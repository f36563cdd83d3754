import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { Connect } from "../src/app/Connect";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const copy = () => userEvent.click(screen.getByRole("button", { name: "Copy the base URL" }));
const shown = () => render(<Connect url="http://server" assistant_id={null} onForget={null} onClose={() => {}} />);
const without = () => vi.spyOn(navigator, "clipboard", "get").mockReturnValue(undefined as unknown as Clipboard);

test("without https it is copied all the same, by a field that the dialog lets be marked", async () => {
  shown();
  const copied: [string, boolean][] = [];
  document.execCommand = () => {
    const field = document.querySelector("textarea")!;
    return copied.push([field.value, screen.getByRole("dialog").contains(field)]) > 0;
  };
  without();
  await copy();
  expect(copied).toEqual([["http://server/v1", true]]);
  screen.getByRole("button", { name: "Copied" });
});

test("what could not be copied says so", async () => {
  shown();
  document.execCommand = () => false;
  without();
  await copy();
  expect(screen.getByRole("alert").textContent).toBe("Could not be copied");
});
