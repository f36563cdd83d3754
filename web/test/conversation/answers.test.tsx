import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Message, Run, RunStep, ToolCall } from "livethread";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type AroundConversation, AroundProvider } from "../../src/conversation/Around";
import { entriesOf } from "../../src/conversation/entries";
import { PersonMessage } from "../../src/conversation/PersonMessage";
import { Turn } from "../../src/conversation/Turn";
import { answered, aRun, aStep, said, text } from "./things";

afterEach(cleanup);

/** Messages oldest first; what the reader may do is told. */
function shown(
  messages: Message[],
  runs: Run[],
  { steps = [] as RunStep[], streaming = true, deleted = new Map<string, Message[]>() } = {},
) {
  const around: AroundConversation = {
    me: { user_id: "ann", name: "Ann" },
    streaming,
    nameOf: (id) => (id === "asst_2" ? "Bo" : "Ada"),
    retry: vi.fn(),
    answerAgain: vi.fn(async () => {}),
    giveOutputs: vi.fn(async () => {}),
  };
  const page = (messages: Message[], runs: Run[], run_steps = steps) => (
    <AroundProvider value={around}>
      {entriesOf({
        messages: [...messages].reverse(),
        runs: [...runs].reverse(),
        run_steps,
        comings: [],
        has_more: false,
        deleted,
      }).map((entry) => {
        if (entry.kind === "turn") return <Turn key={entry.key} turn={entry} />;
        return entry.kind === "message" && <PersonMessage key={entry.key} message={entry.message} continues={entry.continues} />;
      })}
    </AroundProvider>
  );
  const view = render(page(messages, runs));
  const rerender = (...now: Parameters<typeof page>) => view.rerender(page(...now));
  const seen = () => {
    const copy = view.container.cloneNode(true) as Element;
    for (const time of copy.querySelectorAll("time")) time.remove();
    return copy.textContent!;
  };
  return { ...around, ...view, rerender, seen };
}
const buttons = () => screen.queryAllByRole("button").map((button) => button.textContent || button.getAttribute("aria-label"));

describe("an answer says how its run stands", () => {
  it.each([
    [{ status: "queued" }, "Waits for its turn"],
    [{ status: "in_progress" }, "is thinking"],
    [{ status: "cancelling" }, "is being stopped"],
    [{ status: "cancelled" }, "Stopped"],
    [{ status: "expired" }, "Took too long and was given up"],
    [{ status: "failed", last_error: { code: "server_error", message: "The moon is full." } }, "Could not answerThe moon is full."],
    [{ status: "incomplete", incomplete_details: { reason: "max_completion_tokens" } }, "Ended earlyThe answer has as many tokens as it may have."],
    [{ status: "incomplete", incomplete_details: { reason: "odd" } }, "Ended earlyThe server says: odd."],
    [
      {
        status: "requires_action",
        required_action: {
          type: "submit_tool_outputs",
          submit_tool_outputs: { tool_calls: [{ id: "c", type: "function", function: { name: "look", arguments: "{}" } }] },
        },
      },
      "Waits for the output of look",
    ],
  ] as [Partial<Run>, string][])("%j", (run, sentence) => {
    expect(shown([], [aRun("r1", run)]).seen()).toContain(sentence);
  });

  it("nothing while it writes, and nothing once it is done", () => {
    const { seen, unmount } = shown([answered("a", "r1", { status: "in_progress" })], [aRun("r1", { status: "in_progress" })]);
    expect(seen()).toBe("AAdaI am a");
    unmount();
    expect(shown([answered("a", "r1")], [aRun("r1")]).seen()).toBe("AAdaI am aCopyAnswer again");
  });
});

describe("what may be done with an answer", () => {
  const failed = (id: string) => aRun(id, { status: "failed", last_error: { code: "server_error", message: "No." } });

  it("is to try again what failed, wherever it stands, if its assistant has done nothing below it", async () => {
    const messages = [answered("a", "r1"), said("b"), answered("c", "r2"), said("d")];
    const { retry } = shown(messages, [failed("r1"), failed("r2")]);
    expect(buttons()).toEqual(["Copy", "Copy", "Try again", "Copy", "Copy"]);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(vi.mocked(retry).mock.calls.map(([{ run_id }]) => run_id)).toEqual(["r2"]);
    expect(document.activeElement).toBe(screen.getAllByRole("article")[2]);
  });

  it("is to try again what was stopped before it said anything", () => {
    shown([answered("b", "r2")], [aRun("r1", { status: "cancelled", assistant_id: "asst_2" }), aRun("r2", { status: "cancelled" })]);
    expect(buttons()).toEqual(["Try again", "Copy", "Answer again"]);
  });

  it("is to see what was tried before, folded, and the focus stays when the next attempt comes", async () => {
    const { rerender } = shown([answered("a", "r1")], [failed("r1")]);
    const article = screen.getByRole("article");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    rerender([answered("a", "r1"), answered("b", "r2")], [failed("r1"), failed("r2")]);
    expect([screen.getByRole("article"), document.activeElement]).toEqual([article, article]);
    expect(article.querySelector("details")!.textContent).toBe("Failed once beforeI am aCould not answer: No.");
    expect(buttons()).toEqual(["Try again", "Copy"]);
  });

  it("is to have the newest answered again, once it was said that it may be deleted for everybody", async () => {
    const { answerAgain } = shown([answered("a", "r1"), answered("b", "r2")], [aRun("r1"), aRun("r2")]);
    const [button, ...others] = screen.getAllByRole("button", { name: "Answer again" });
    expect([button!.title, others]).toEqual(["Deletes this answer for everybody and has Ada answer again", []]);
    await userEvent.click(button!);
    expect(screen.getByRole("group", { name: "Answer again" }).textContent).toBe(
      "This answer is deleted for everybody first.Delete and answer againKeep it",
    );
    await userEvent.keyboard("{Escape}");
    expect([document.activeElement?.textContent, vi.mocked(answerAgain).mock.calls]).toEqual(["Answer again", []]);
    await userEvent.keyboard("{Enter}");
    const confirm = screen.getByRole("button", { name: "Delete and answer again" });
    fireEvent.click(confirm, { detail: 2 });
    expect(vi.mocked(answerAgain).mock.calls).toEqual([]);
    await userEvent.click(confirm);
    expect(vi.mocked(answerAgain).mock.calls.map(([{ run_id }]) => run_id)).toEqual(["r2"]);
    expect(document.activeElement).toBe(screen.getAllByRole("article")[1]);
  });

  it("is to see what was deleted, if nothing came of the next attempt", () => {
    const deleted = new Map([["r1", [answered("a", "r1")]]]);
    const folded = (run: Partial<Run>, ...messages: Message[]) => {
      const { container, unmount } = shown(messages, [aRun("r1"), aRun("r2", run)], { deleted });
      const texts = [...container.querySelectorAll("details")].map(({ textContent }) => textContent);
      unmount();
      return texts;
    };
    expect(folded({ status: "failed" })).toEqual(["The answer that was deletedI am a"]);
    expect(folded({ status: "cancelled" })).toEqual(["The answer that was deletedI am a"]);
    expect(folded({ status: "in_progress" })).toEqual([]);
    expect(folded({}, answered("b", "r2"))).toEqual([]);
  });

  it("is to give the output of what it calls, all of them at once", async () => {
    const step = aStep("r1", ["look", "find"]);
    const tool_calls = (step.step_details as { tool_calls: ToolCall[] }).tool_calls;
    const run = aRun("r1", {
      status: "requires_action",
      required_action: { type: "submit_tool_outputs", submit_tool_outputs: { tool_calls } },
    });
    const { giveOutputs } = shown([answered("a", "r1")], [run], { steps: [{ ...step, status: "in_progress" }] });
    const user = userEvent.setup();
    await user.click(screen.getByRole("button", { name: "Give the output" }));
    const [first, second] = screen.getAllByRole("textbox", { hidden: true });
    expect([document.activeElement, first!.closest("details")!.open]).toEqual([first, true]);
    expect(first!.closest("form")!.textContent).toBe(
      "An app that offers look has to answer this. Or write its output yourself:Give backEvery call that waits needs an output.",
    );
    await user.type(first!, "There.");
    await user.type(second!, "Found.");
    await user.click(screen.getAllByRole("button", { name: "Give back", hidden: true })[0]!);
    expect(vi.mocked(giveOutputs).mock.calls).toEqual([
      ["r1", [{ tool_call_id: "call_look", output: "There." }, { tool_call_id: "call_find", output: "Found." }]],
    ]);
    expect(document.activeElement).toBe(screen.getByRole("article"));
  });

  describe("is to write an output by hand, which", () => {
    const messages = [answered("a", "r1")];
    const waiting = (functions: string[]) => {
      const step = { ...aStep("r1", functions), status: "in_progress" } as RunStep;
      const tool_calls = (step.step_details as { tool_calls: ToolCall[] }).tool_calls;
      const required_action = { type: "submit_tool_outputs" as const, submit_tool_outputs: { tool_calls } };
      const view = shown(messages, [aRun("r1", { status: "requires_action", required_action })], { steps: [step] });
      /** The run goes on with this output of the first call, or ends so. */
      const becomes = async (status: RunStep["status"], output: string | null) => {
        const [first, ...others] = tool_calls;
        const called = { ...first!, function: { ...first!.function, output } };
        const run = aRun("r1", { status: status === "completed" ? "in_progress" : status });
        const now = { ...step, status, step_details: { type: "tool_calls" as const, tool_calls: [called, ...others] } };
        await act(async () => view.rerender(messages, [run], [now]));
      };
      const left = () => view.container.querySelector("details")!.textContent!.split(/(?=Not given)/)[1] ?? null;
      return { ...view, becomes, left };
    };
    const NOT_GIVEN = "Not given: the call was answered or ended meanwhile.What you wroteCopyIt is <b>.";

    it.each([
      ["completed", "There."],
      ["cancelled", null],
      ["in_progress", null],
    ] as const)("stays to be copied where the call is %s meanwhile, and the keyboard stays at the call", async (status, output) => {
      const { becomes, left, container } = waiting(["look"]);
      await userEvent.type(screen.getByRole("textbox", { hidden: true }), "It is <b>.");
      await becomes(status, output);
      expect([left(), screen.queryByRole("textbox", { hidden: true })]).toEqual([NOT_GIVEN, null]);
      expect(document.activeElement).toBe(container.querySelector("summary"));
    });

    it("is no more to be seen once the call has got it, nor where nothing was written", async () => {
      const { becomes, left, unmount } = waiting(["look"]);
      await userEvent.type(screen.getByRole("textbox", { hidden: true }), "It is <b>.");
      await userEvent.click(screen.getByRole("button", { name: "Give back", hidden: true }));
      await becomes("in_progress", null);
      expect(left()).toBe(null);
      await becomes("completed", "It is <b>.");
      expect([left(), document.activeElement]).toEqual([null, screen.getByRole("article")]);
      unmount();
      const other = waiting(["look"]);
      await other.becomes("cancelled", null);
      expect(other.left()).toBe(null);
    });

    it("stays where it was given too late", async () => {
      const { becomes, left } = waiting(["look"]);
      await userEvent.type(screen.getByRole("textbox", { hidden: true }), "It is <b>.");
      await userEvent.click(screen.getByRole("button", { name: "Give back", hidden: true }));
      await becomes("completed", "There.");
      expect(left()).toBe(NOT_GIVEN);
    });
  });

  it("is nothing while it is written", () => {
    shown([answered("a", "r1", { status: "in_progress" })], [aRun("r1", { status: "in_progress" })]);
    expect(buttons()).toEqual([]);
  });

  it("is to copy all of it, as it was written", async () => {
    userEvent.setup();
    const messages = [answered("a", "r1", { content: text("Some **bold**.") }), answered("b", "r1", { content: text("| a |\n|---|") })];
    shown(messages, [aRun("r1")]);
    await userEvent.click(screen.getByRole("button", { name: "Copy" }));
    await screen.findByRole("button", { name: "Copied" });
    expect(await navigator.clipboard.readText()).toBe("Some **bold**.\n\n| a |\n|---|");
  });
});

describe("the answers of a turn", () => {
  it("stand beside each other, each with its assistant", () => {
    const runs = [aRun("r1", { turn_id: "t", status: "in_progress" }), aRun("r2", { turn_id: "t", assistant_id: "asst_2", status: "in_progress" })];
    shown([answered("b", "r2", { assistant_id: "asst_2", status: "in_progress" })], runs);
    const articles = screen.getAllByRole("article");
    expect(articles.map((article) => article.getAttribute("aria-label"))).toEqual(["Ada, answer", "Bo, answer"]);
    expect(articles[0]!.parentElement).toBe(articles[1]!.parentElement);
  });

  it("show once they are whole where the reader wants no streaming", () => {
    const run = aRun("r1", { status: "in_progress" });
    const { seen, unmount } = shown([answered("a", "r1", { status: "in_progress" })], [run], { streaming: false });
    expect(seen()).toBe("AAdaAda is writing…");
    unmount();
    expect(shown([answered("a", "r1")], [aRun("r1")], { streaming: false }).seen()).toContain("I am a");
  });

  it("fold away what was written again after a restart", () => {
    const half = answered("half", "r1", { status: "incomplete", incomplete_details: { reason: "run_failed" } });
    const { container } = shown([half, answered("whole", "r1")], [aRun("r1")]);
    const folded = container.querySelector("details")!;
    expect([folded.open, folded.textContent]).toEqual([false, "Written again after a restart of the serverI am half"]);
  });

  it("show calls in their place, with their arguments as one reads them, their output and state", () => {
    const step = aStep("r1", ["look"]);
    const call = { id: "c", type: "function" as const, function: { name: "look", arguments: '{"at":"moon"}', output: "It is there." } };
    const steps = [aStep("r1", "a"), { ...step, step_details: { type: "tool_calls" as const, tool_calls: [call] } }, aStep("r1", "b")];
    const { seen } = shown([answered("a", "r1"), answered("b", "r1")], [aRun("r1")], { steps });
    expect(seen()).toContain('I am alookis doneArgumentsCopy{\n  "at": "moon"\n}OutputCopyIt is there.I am b');
  });

  it.each([
    ["is running", { status: "in_progress" }, { status: "in_progress" }],
    ["waits for its output", { status: "requires_action" }, { status: "in_progress" }],
    ["was stopped", { status: "cancelled" }, { status: "cancelled" }],
    ["failed", { status: "failed" }, { status: "failed" }],
    ["failed", { status: "expired" }, { status: "expired" }],
  ] as [string, Partial<Run>, Partial<RunStep>][])("say that a call %s", (state, run, step) => {
    const { container } = shown([answered("a", "r1")], [aRun("r1", run)], { steps: [{ ...aStep("r1", ["look"]), ...step } as RunStep] });
    expect(container.querySelector("summary")!.textContent).toBe(`look${state}`);
  });

  it("show arguments that are no JSON as they are", () => {
    const step = { ...aStep("r1", ["look"]) };
    (step.step_details as { tool_calls: { function: { arguments: string } }[] }).tool_calls[0]!.function.arguments = '{"half';
    expect(shown([answered("a", "r1")], [aRun("r1")], { steps: [step] }).seen()).toContain('{"half');
  });
});

describe("what a person says", () => {
  const content = (content: unknown) => said("a", { content: content as Message["content"] });

  it("is shown as it was written, but for code between fences and addresses", () => {
    const { container } = shown([said("a", { content: text("#5 is *odd*\n- so\n  what? https://example.org/a_(b).\n```js\n<b>\n```\nend") })], []);
    expect([...container.querySelectorAll("[data-message-id] > *")].map(({ tagName, textContent }) => [tagName, textContent])).toEqual([
      ["P", "#5 is *odd*\n- so\n  what? https://example.org/a_(b)."],
      ["FIGURE", "jsCopy<b>"],
      ["P", "end"],
    ]);
    expect(screen.getByRole("link").getAttribute("href")).toBe("https://example.org/a_(b)");
  });

  it("says whose it is, and when it is the reader's own or still on its way", () => {
    const { seen } = shown([said("a"), said("b", { metadata: { name: "Ben", user_id: "ben" } }), said("c", { pending: true })], []);
    expect(seen()).toBe("YouCopyI am aBBenCopyI am bYouSending…I am c");
  });

  it("shows its head only where it begins, and always to who cannot see", () => {
    const { container } = shown([said("a"), said("b")], []);
    const heads = [...container.querySelectorAll("article")].map((article) => [
      article.dataset.continues,
      article.querySelector("header b")?.textContent,
    ]);
    expect(heads).toEqual([
      [undefined, "You"],
      ["true", "You"],
    ]);
  });

  it.each([
    ["a picture", [{ type: "image_url", image_url: { url: "https://example.org/x.png" } }], "Show image from example.org"],
    ["a picture of nothing", [{ type: "image_url" }], "An image that cannot be shown"],
    ["a picture in a file", [{ type: "image_file", image_file: { file_id: "file_1" } }], "An image in a file, which this page cannot show."],
    ["a refusal", [{ type: "refusal", refusal: "I will not." }], "I will not."],
    ["something else", [{ type: "audio" }], "A block of the kind audio, which this page cannot show."],
    ["text without any", [{ type: "text" }, { type: "text", text: { value: "end" } }], "end"],
    ["nothing", [null, { type: "text", text: { value: "end" } }], "end"],
  ])("may begin with %s", (_, blocks, sentence) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { container, seen } = shown([content(blocks)], []);
    expect([container.querySelector("img"), seen()]).toEqual([null, expect.stringContaining(sentence)]);
  });
});
