import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { ApiError, Unreachable } from "livethread";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Toast, useToast } from "../../src/app/Toast";
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

/** Another one for every test: what was not sent outlives the composer. */
let thread = "";
let threads = 0;

beforeEach(() => {
  localStorage.clear();
  thread = `thread_${++threads}`;
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function shown(props: Partial<ComposerProps> = {}) {
  const send = vi.fn<ComposerProps["send"]>(async () => {});
  const view = render(<Composer of={thread} assistants={ASSISTANTS} send={send} {...props} />);
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

  it("has lines by Enter alone where one types on glass, and is sent by the button, or by Enter with Control", async () => {
    const hinted = () => [field().getAttribute("enterkeyhint"), button("Send").title];
    shown();
    const before = hinted();
    cleanup();
    vi.stubGlobal("matchMedia", (query: string) => ({ matches: query === "(pointer: coarse)" }));
    const { send } = shown();
    await userEvent.type(field(), "One{Enter}Two");
    expect([before, hinted(), send.mock.calls, field().value]).toEqual([["send", "Send (Enter)"], ["enter", "Send"], [], "One\nTwo"]);
    await userEvent.click(button("Send"));
    await userEvent.type(field(), "Three{Control>}{Enter}{/Control}");
    expect(send.mock.calls.map(([text]) => text)).toEqual(["One\nTwo", "Three"]);
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
    const known = () => rerender(<Composer of={thread} assistants={ASSISTANTS} send={send} />);
    await userEvent.type(field(), "Hello{Enter}");
    expect([send.mock.calls, field().value, button("Send").getAttribute("aria-busy")]).toEqual([[], "Hello", "true"]);
    known();
    await waitFor(() => expect(send.mock.calls).toEqual([["Hello", ["asst_a"], expect.any(String)]]));
    expect([field().value, button("Send").getAttribute("aria-busy")]).toEqual(["", "false"]);

    rerender(<Composer of={thread} assistants={null} send={send} />);
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
    shown({ of: "another" }).unmount();
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
    expect([field().value, draftIn(thread).get()]).toEqual(["Second", "First\n\nSecond"]);
    await act(async () => accept());
    expect(draftIn(thread).get()).toBe("Second");
    unmount();
  });

  it("is kept also where it is refused after the page has gone elsewhere", async () => {
    let refuse: (error: Error) => void;
    const { unmount } = shown({ send: () => new Promise((_, reject) => (refuse = reject)) });
    await userEvent.type(field(), "First{Enter}");
    unmount();
    await act(async () => refuse(new Error("No.")));
    expect(draftIn(thread).get()).toBe("First");
  });

  it("may be sent while answers are written, which may be stopped", async () => {
    const stop = vi.fn();
    const { send } = shown({ stop, busy: new Map([["asst_a", "in_progress"]]) });
    await userEvent.type(field(), "More{Enter}");
    await userEvent.click(button("Stop"));
    expect([send.mock.calls.length, stop.mock.calls.length]).toEqual([1, 1]);
    expect(document.activeElement).toBe(field()); // the button goes
  });

  it("has no button to stop anything where nothing runs", () => {
    shown();
    expect(screen.queryByRole("button", { name: "Stop" })).toBeNull();
  });
});

describe("a message that was not sent", () => {
  const alert = () => screen.queryByRole("alert")?.querySelector("span")?.textContent ?? null;
  const away = () => vi.fn<ComposerProps["send"]>().mockRejectedValueOnce(new Unreachable("http://server/v1 does not answer.")).mockResolvedValue(null);

  it("for nobody has answered, goes by itself as the same one when the server is back", async () => {
    const send = away();
    const page = (live: boolean) => <Composer of={thread} assistants={ASSISTANTS} send={send} live={live} />;
    const { rerender } = render(page(false));
    await userEvent.type(field(), "Hello{Enter}");
    await waitFor(() => expect(alert()).toBe("Not sent yet. It goes by itself as soon as the server answers."));
    expect(field().value).toBe("Hello");
    rerender(page(true));
    await waitFor(() => expect(send.mock.calls.length).toBe(2));
    expect([send.mock.calls[1], alert(), field().value]).toEqual([send.mock.calls[0], null, ""]);
  });

  it("does not go by itself once it is written on", async () => {
    const send = away();
    const page = (live: boolean) => <Composer of={thread} assistants={ASSISTANTS} send={send} live={live} />;
    const { rerender } = render(page(false));
    await userEvent.type(field(), "Hello{Enter}");
    await waitFor(() => expect(alert()).not.toBe(null));
    await userEvent.type(field(), " you");
    expect(alert()).toBe(null);
    rerender(page(true));
    await new Promise((resolve) => setTimeout(resolve));
    expect([send.mock.calls.length, field().value]).toEqual([1, "Hello you"]);
  });

  it("as its thread is gone, says where its text is while one is elsewhere", async () => {
    let fail: (error: Error) => void;
    shown({ send: () => new Promise((_, reject) => (fail = reject)) });
    await userEvent.type(field(), "Hello{Enter}");
    cleanup();
    const Page = () => <Toast sentence={useToast()[0]} />;
    render(<Page />);
    await act(async () => fail(new ApiError(`No thread found with id '${thread}'.`, 404)));
    screen.getByText("A message of yours was not sent: its thread is no longer here. Go back to it to take the text.");
    expect(draftIn(thread).get()).toBe("Hello");
  });

  it("says so again when one is back in its thread, and where one is meanwhile", async () => {
    let fail: (error: Error) => void;
    const send = vi.fn<ComposerProps["send"]>(() => new Promise((_, reject) => (fail = reject)));
    shown({ send });
    await userEvent.type(field(), "Hello{Enter}");
    cleanup();
    const Page = () => <Toast sentence={useToast()[0]} />;
    render(<Page />);
    await act(async () => fail(new Error("No.")));
    screen.getByText("A message of yours was not sent. It stands where you wrote it.");
    cleanup();
    shown({ send });
    expect([alert(), field().value]).toEqual(["Not sent. No.", "Hello"]);
    await userEvent.click(button("Try again"));
    expect([send.mock.calls[1], alert()]).toEqual([send.mock.calls[0], null]);
  });

  it("stands in the field no more where one is back before that is known", async () => {
    let accept: () => void;
    shown({ send: () => new Promise<void>((resolve) => (accept = resolve)) });
    await userEvent.type(field(), "Hello{Enter}");
    cleanup();
    const { send } = shown();
    await userEvent.type(field(), "{Enter}More");
    await act(async () => accept());
    expect([send.mock.calls, field().value, draftIn(thread).get()]).toEqual([[], "More", "More"]);
  });

  it("as a run waits for an output, says whose, and lets it be stopped", async () => {
    const send = vi.fn<ComposerProps["send"]>().mockRejectedValue(new Error("Thread thread_1 already has an active run run_1."));
    const stop = vi.fn();
    const page = (status: string | null) => (
      <Composer
        of={thread}
        assistants={ASSISTANTS}
        send={send}
        stop={status ? stop : null}
        busy={new Map(status ? [["asst_b", status]] : [])}
      />
    );
    const { rerender } = render(page("requires_action"));
    await userEvent.type(field(), "Hello{Enter}");
    await waitFor(() => expect(alert()).toBe("Not sent. Bo waits for an output of a tool; stop that first."));
    rerender(page("in_progress"));
    expect(alert()).toBe("Not sent. Bo is still answering, and this thread takes one question at a time.");
    await userEvent.click(button("Stop it"));
    expect([stop.mock.calls.length, document.activeElement]).toEqual([1, field()]);
    rerender(page("cancelling"));
    expect(alert()).toBe("Not sent. What was still running is being stopped.");
    rerender(page(null));
    expect([alert(), field().value]).toEqual([null, "Hello"]);
  });

  it("for it is too long, says by how much, before anything is asked of the server", async () => {
    const { send } = shown();
    fireEvent.change(field(), { target: { value: "🎉".repeat(256_001) } });
    await userEvent.click(button("Send"));
    expect(alert()).toBe("Not sent. It has 256,001 characters; a message has at most 256,000.");
    fireEvent.change(field(), { target: { value: "🎉".repeat(256_000) } });
    expect(alert()).toBe(null);
    await userEvent.click(button("Send"));
    expect(send.mock.calls.map(([text]) => text.length)).toEqual([512_000]);
  });

  it("as another one before it was not, comes back behind that", async () => {
    const fails: (() => void)[] = [];
    shown({ send: () => new Promise((_, reject) => fails.push(() => reject(new Unreachable("Nobody answers.")))) });
    await userEvent.type(field(), "One{Enter}Two{Enter}Three");
    for (const fail of fails) await act(async () => fail());
    expect([field().value, alert()]).toEqual(["One\n\nTwo\n\nThree", "Not sent. The server does not answer."]);
  });

  it("as a thread was busy that is so no more, says so in words", async () => {
    shown({ send: async () => Promise.reject(new Error("Thread thread_1 already has an active run run_1.")) });
    await userEvent.type(field(), "Hello{Enter}");
    await waitFor(() => expect(alert()).toBe("Not sent. The thread was busy with another answer."));
  });

  it("as whom it was for is no more, says so in words", async () => {
    shown({ send: async () => Promise.reject(new Error("No assistant found with id 'asst_1'.")) });
    await userEvent.type(field(), "Hello{Enter}");
    await waitFor(() => expect(alert()).toBe("Not sent. An assistant that was to answer it is no more."));
  });

  it("may be dismissed, and stays written", async () => {
    shown({ send: async () => Promise.reject(new Error("No.")) });
    await userEvent.type(field(), "Hello{Enter}");
    await userEvent.click(await screen.findByRole("button", { name: "Dismiss" }));
    expect([alert(), field().value, document.activeElement]).toEqual([null, "Hello", field()]);
  });
});

describe("a draft", () => {
  it("is the same in another tab, as long as one does not write there", () => {
    const elsewhere = (text: string) => {
      const event = new StorageEvent("storage", { key: `livethread.draft.${thread}`, newValue: text });
      act(() => void window.dispatchEvent(event));
      return field().value;
    };
    shown();
    const focus = vi.spyOn(document, "hasFocus").mockReturnValue(false);
    expect(elsewhere("From there")).toBe("From there");
    focus.mockReturnValue(true);
    expect(elsewhere("And on")).toBe("From there");
    focus.mockRestore();
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

  it("stay chosen in the thread, and in no other one", async () => {
    shown();
    await userEvent.click(button("Bo"));
    cleanup();
    shown({ of: "another" });
    expect(pressed()).toEqual(["true", "false", "false"]);
    cleanup();
    shown();
    expect(pressed()).toEqual(["true", "true", "false"]);
  });

  it.each([
    [undefined, ["true", "false", "false"]],
    [[], ["false", "false", "false"]],
    [["asst_b", "asst_c"], ["false", "true", "true"]],
    [["asst_gone"], ["false", "false", "false"]],
  ])("are at first those whom the thread has addressed: %j", (addressed, now) => {
    shown({ addressed });
    expect(pressed()).toEqual(now);
  });

  it("do not change under what is being written, nor once it is sent", async () => {
    const { send, rerender } = shown({ addressed: [] });
    const addressed = (ids: string[]) => rerender(<Composer of={thread} assistants={ASSISTANTS} send={send} addressed={ids} />);
    addressed(["asst_c"]);
    expect(pressed()).toEqual(["false", "false", "true"]);
    await userEvent.type(field(), "Hello");
    addressed(["asst_b"]);
    await userEvent.type(field(), "{Enter}");
    addressed([]);
    expect([send.mock.calls[0]![1], pressed()]).toEqual([["asst_c"], ["false", "false", "true"]]);
  });

  it("are not known before the thread is, also where something is written already", async () => {
    const { send, rerender } = shown({ addressed: null });
    await userEvent.type(field(), "Hello{Enter}");
    expect([send.mock.calls, pressed()]).toEqual([[], ["false", "false", "false"]]);
    rerender(<Composer of={thread} assistants={ASSISTANTS} send={send} addressed={["asst_b"]} />);
    await waitFor(() => expect(send.mock.calls.map(([, ids]) => ids)).toEqual([["asst_b"]]));
  });

  it("say what they are for, and how many a message is for", async () => {
    shown({ assistants: [{ ...ASSISTANTS[0]!, description: "Counts." }, ...ASSISTANTS.slice(1)], about: true, busy: new Map([["asst_a", "queued"]]) });
    const said = [];
    for (const name of ["", "Bo", "three", "Ada"]) {
      if (name) await userEvent.click(button(name));
      said.push(field().placeholder);
    }
    expect(said).toEqual(["Message Ada", "Message Ada and Bo", "Message Ada and 2 others", "Message Bo and three"]);
    expect(button("Ada").title).toBe("Counts.\nAda is answering.\nAda will not be asked.");
    screen.getByText("Bo and three will each answer.");
    await userEvent.click(button("Ada"));
    await userEvent.click(button("Bo"));
    await userEvent.click(button("three"));
    screen.getByText("Ada: Counts.");
  });

  it("have a mark that is also said where they could not answer", () => {
    shown({ failed: new Set(["asst_b"]) });
    const marks = screen.getAllByRole("img").map((mark) => [mark.closest("button")!.textContent, mark.getAttribute("aria-label")]);
    expect(marks).toEqual([["Bo", "could not answer"]]);
    expect(button("Bo could not answer").title).toBe("Bo could not answer.\nBo will not be asked.");
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
