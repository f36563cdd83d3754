import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Message, Run, RunStep } from "livethread";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type AroundConversation, AroundProvider } from "../../src/conversation/Around";
import { entriesOf } from "../../src/conversation/entries";
import { PersonMessage } from "../../src/conversation/PersonMessage";
import { Turn } from "../../src/conversation/Turn";
import { answered, aRun, aStep, said, text } from "./things";

afterEach(cleanup);

/** Messages oldest first; what the reader may do is told. */
function shown(messages: Message[], runs: Run[], { steps = [] as RunStep[], streaming = true } = {}) {
  const around: AroundConversation = {
    me: { user_id: "ann", name: "Ann" },
    streaming,
    nameOf: (id) => (id === "asst_2" ? "Bo" : "Ada"),
    retry: vi.fn(),
    answerAgain: vi.fn(async () => {}),
  };
  const held = { messages: [...messages].reverse(), runs: [...runs].reverse(), run_steps: steps, comings: [], has_more: false };
  const view = render(
    <AroundProvider value={around}>
      {entriesOf(held).map((entry) => {
        if (entry.kind === "turn") return <Turn key={entry.key} turn={entry} />;
        return entry.kind === "message" && <PersonMessage key={entry.key} message={entry.message} />;
      })}
    </AroundProvider>,
  );
  const seen = () => {
    const copy = view.container.cloneNode(true) as Element;
    for (const time of copy.querySelectorAll("time")) time.remove();
    return copy.textContent!;
  };
  return { ...around, ...view, seen };
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

  it("is to try again what failed, if nothing stands below it", async () => {
    const { retry } = shown([answered("a", "r1"), answered("b", "r2")], [failed("r1"), failed("r2")]);
    expect(buttons()).toEqual(["Copy", "Try again", "Copy"]);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(vi.mocked(retry).mock.calls.map(([{ run_id }]) => run_id)).toEqual(["r2"]);
  });

  it("is to have the newest answered again, which says that it is deleted for everybody", async () => {
    const { answerAgain } = shown([answered("a", "r1"), answered("b", "r2")], [aRun("r1"), aRun("r2")]);
    const [button, ...others] = screen.getAllByRole("button", { name: "Answer again" });
    expect([button!.title, others]).toEqual(["Deletes this answer for everybody and has Ada answer again", []]);
    await userEvent.click(button!);
    expect(vi.mocked(answerAgain).mock.calls.map(([{ run_id }]) => run_id)).toEqual(["r2"]);
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
