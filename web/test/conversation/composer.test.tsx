import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Composer, type ComposerProps } from "../../src/conversation/composer/Composer";
import { draftIn } from "../../src/conversation/composer/kept";
import { TypingSignal } from "../../src/conversation/composer/typing";

const ASSISTANTS = [
  { id: "asst_a", name: "Ada", model: "one" },
  { id: "asst_b", name: "Bo", model: "two" },
  { id: "asst_c", name: null, model: "three" },
];
const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });

beforeEach(() => localStorage.clear());
afterEach(cleanup);

function shown(props: Partial<ComposerProps> = {}) {
  const send = vi.fn<ComposerProps["send"]>(async () => {});
  const view = render(<Composer of="thread_1" assistants={ASSISTANTS} send={send} {...props} />);
  return { send: (props.send as typeof send) ?? send, ...view };
}

describe("a message that is written", () => {
  it("is sent by Enter, to the first assistant unless others are chosen, and the field is empty again", async () => {
    const { send } = shown();
    await userEvent.type(field(), "Hello{Enter}");
    expect(send.mock.calls).toEqual([["Hello", ["asst_a"], expect.any(String)]]);
    expect(field().value).toBe("");
  });

  it("has as many lines as one likes, by Shift and Enter", async () => {
    const { send } = shown();
    await userEvent.type(field(), "One{Shift>}{Enter}{/Shift}Two{Enter}");
    expect(send.mock.calls[0]![0]).toBe("One\nTwo");
  });

  it.each([
    ["that an input method takes", { isComposing: true }],
    ["that Safari gives to an input method", { keyCode: 229 }],
  ])("is not sent by an Enter %s", (_, how) => {
    const { send } = shown();
    fireEvent.change(field(), { target: { value: "にほんご" } });
    fireEvent.keyDown(field(), { key: "Enter", ...how });
    expect([send.mock.calls, field().value]).toEqual([[], "にほんご"]);
  });

  it("waits for the assistants when it is sent before they are known, unless it is written on", async () => {
    const { send, rerender } = shown({ assistants: null });
    const known = () => rerender(<Composer of="thread_1" assistants={ASSISTANTS} send={send} />);
    await userEvent.type(field(), "Hello{Enter}");
    expect([send.mock.calls, field().value, button("Send").getAttribute("aria-busy")]).toEqual([[], "Hello", "true"]);
    known();
    await waitFor(() => expect(send.mock.calls).toEqual([["Hello", ["asst_a"], expect.any(String)]]));
    expect([field().value, button("Send").getAttribute("aria-busy")]).toEqual(["", "false"]);

    rerender(<Composer of="thread_1" assistants={null} send={send} />);
    await userEvent.type(field(), "One{Enter} more");
    known();
    expect([send.mock.calls.length, field().value]).toEqual([1, "One more"]);
  });

  it.each(["", " ", "\n\t "])("is not sent without any text: %j", (text) => {
    const { send } = shown();
    fireEvent.change(field(), { target: { value: text } });
    fireEvent.keyDown(field(), { key: "Enter" });
    expect(button("Send").disabled).toBe(true);
    expect(send).not.toHaveBeenCalled();
  });

  it("is still there after a reload, in its own thread, until it is sent", async () => {
    const { unmount } = shown();
    await userEvent.type(field(), "Half a thou");
    unmount();
    shown({ of: "thread_2" }).unmount();
    shown();
    expect(field().value).toBe("Half a thou");
    await userEvent.type(field(), "ght{Enter}");
    cleanup();
    shown();
    expect(field().value).toBe("");
  });

  it("comes back with the reason where it could not be sent, and is sent again by a button, as the same", async () => {
    const send = vi.fn<ComposerProps["send"]>().mockRejectedValueOnce(new Error("The text is too long.")).mockResolvedValue(null);
    shown({ send });
    await userEvent.type(field(), "Hello{Enter}");
    expect((await screen.findByRole("alert")).textContent).toContain("The text is too long.");
    expect(field().value).toBe("Hello");
    await userEvent.click(button("Try again"));
    const [[, , key] = []] = send.mock.calls;
    expect(send.mock.calls).toEqual([
      ["Hello", ["asst_a"], key],
      ["Hello", ["asst_a"], key],
    ]);
    expect([screen.queryByRole("alert"), field().value]).toEqual([null, ""]);
  });

  it("is another one once it is changed", async () => {
    const send = vi.fn<ComposerProps["send"]>().mockRejectedValueOnce(new Error("No.")).mockResolvedValue(null);
    shown({ send });
    await userEvent.type(field(), "Hello{Enter}");
    await screen.findByRole("alert");
    await userEvent.type(field(), "!{Enter}");
    const [[, , key] = []] = send.mock.calls;
    expect(send.mock.calls[1]).toEqual(["Hello!", ["asst_a"], expect.not.stringMatching(key!)]);
  });

  it("comes back in front of what was written meanwhile", async () => {
    let refuse: (error: Error) => void;
    const send = vi.fn(() => new Promise((_, reject) => (refuse = reject)));
    shown({ send });
    await userEvent.type(field(), "First{Enter}Second");
    await act(async () => refuse(new Error("No.")));
    await waitFor(() => expect(field().value).toBe("First\n\nSecond"));
  });

  it("is kept by the browser until the server has it, with what was written meanwhile", async () => {
    let accept: () => void;
    const { unmount } = shown({ send: () => new Promise<void>((resolve) => (accept = resolve)) });
    await userEvent.type(field(), "First{Enter}Second");
    expect([field().value, draftIn("thread_1").get()]).toEqual(["Second", "First\n\nSecond"]);
    await act(async () => accept());
    expect(draftIn("thread_1").get()).toBe("Second");
    unmount();
  });

  it("is kept also where it is refused after the page has gone elsewhere", async () => {
    let refuse: (error: Error) => void;
    const { unmount } = shown({ send: () => new Promise((_, reject) => (refuse = reject)) });
    await userEvent.type(field(), "First{Enter}");
    unmount();
    await act(async () => refuse(new Error("No.")));
    expect(draftIn("thread_1").get()).toBe("First");
  });

  it("may be sent while answers are written, which may be stopped", async () => {
    const stop = vi.fn();
    const { send } = shown({ stop, busy: new Set(["asst_a"]) });
    await userEvent.type(field(), "More{Enter}");
    await userEvent.click(button("Stop"));
    expect([send.mock.calls.length, stop.mock.calls.length]).toEqual([1, 1]);
  });

  it("has no button to stop anything where nothing runs", () => {
    shown();
    expect(screen.queryByRole("button", { name: "Stop" })).toBeNull();
  });
});

describe("the assistants", () => {
  const pressed = () => ASSISTANTS.map(({ name, model }) => button(name ?? model).getAttribute("aria-pressed"));

  it("are asked as they are chosen, in the order in which they stand", async () => {
    const { send } = shown();
    await userEvent.click(button("three"));
    await userEvent.click(button("Bo"));
    expect(pressed()).toEqual(["true", "true", "true"]);
    await userEvent.click(button("Ada"));
    await userEvent.type(field(), "Hello{Enter}");
    expect(send.mock.calls[0]![1]).toEqual(["asst_b", "asst_c"]);
  });

  it("may all be left out: then a message is for people alone", async () => {
    const { send } = shown();
    await userEvent.click(button("Ada"));
    expect(field().placeholder).toBe("Message to the people here");
    await userEvent.type(field(), "Hello{Enter}");
    expect(send.mock.calls[0]![1]).toEqual([]);
  });

  it("stay chosen in the thread, and are those that a new one begins with", async () => {
    shown();
    await userEvent.click(button("Bo"));
    cleanup();
    shown({ of: "thread_2" });
    expect(pressed()).toEqual(["true", "true", "false"]);
    await userEvent.click(button("Ada"));
    cleanup();
    shown();
    expect(pressed()).toEqual(["true", "true", "false"]);
  });

  it("are not asked once they are gone", async () => {
    shown();
    await userEvent.click(button("Bo"));
    cleanup();
    const { send } = shown({ assistants: ASSISTANTS.slice(1) });
    await userEvent.type(field(), "Hello{Enter}");
    expect(send.mock.calls[0]![1]).toEqual(["asst_b"]);
  });
});

describe("others are told that one types", () => {
  function signal() {
    let now = 0;
    const tell = vi.fn();
    const typing = new TypingSignal(() => now);
    typing.tell = tell;
    return { typing, told: () => tell.mock.calls.map(([typing]) => typing), pass: (ms: number) => (now += ms) };
  }

  it("at once, and then seldom, but before it lapses", () => {
    const { typing, told, pass } = signal();
    for (let n = 0; n < 40; n++) {
      typing.typed(true);
      pass(100);
    }
    expect(told()).toEqual([true, true]);
  });

  it("no more once the text is sent or taken back", () => {
    const { typing, told, pass } = signal();
    typing.typed(true);
    pass(100);
    typing.typed(false);
    typing.typed(false);
    expect(told()).toEqual([true, false]);
  });

  it("nothing where it has lapsed already", () => {
    const { typing, told, pass } = signal();
    typing.typed(true);
    pass(6_000);
    typing.stop();
    expect(told()).toEqual([true]);
  });
});
