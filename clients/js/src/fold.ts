/**
 * The fold: a thread as its events make it. The twin of `src/livethread/domain/fold.py`: both replay `spec/cases`,
 * so whatever is added here begins with a case there.
 *
 * It folds the stream of a thread and that of one run alike. Objects are never changed once they have been taken or
 * given: what was looked at stays as it was, and who looks may compare by identity.
 */
import type { Content, Message, Person, Run, RunStep, Thread } from "./types.js";

/** What a fold begins with, such as a page that was read over REST. */
export interface Start {
  thread?: Thread | null;
  /** Newest first; those `in_progress` with their text so far. */
  messages?: readonly Message[];
  has_more?: boolean;
  /** Newest first. */
  runs?: readonly Run[];
  /** Oldest first. */
  run_steps?: readonly RunStep[];
  people?: readonly Person[];
  viewers?: number;
  /** Where the stream goes on. */
  cursor?: string | null;
}

/** A message's row and, apart from it, the content that grows: so an update of the row loses none of it. */
export interface Held {
  row: Message;
  /** By index, with gaps, which `flat` closes; null unless the message grows. */
  draft: Content[] | null;
  /** The row with the draft's content, until either changes. */
  shown?: Message | undefined;
  /** Its place among those that are shown, counted from the oldest; -1 if it is not, none before the first look. */
  place?: number;
  /** Whether there may be others between it and the next newer one, which are not held. */
  loose?: boolean;
}

/** What may become of a row besides that it is created; in one order, which compresses well. */
const RUN = /^(queued|requires_action|cancelling|updated|incomplete|in_progress|completed|failed|cancelled|expired)$/;
const MESSAGE = /^(updated|incomplete|in_progress|completed)$/;
const STEP = /^(in_progress|completed|failed|cancelled|expired)$/;

export class Fold {
  /** The thread; null if it was deleted, or is not known. */
  thread: Thread | null = null;
  /** Whether the thread has older messages, which only REST brings. */
  has_more = false;
  /** Who is there, as far as they are listed; of the stream alone, as no page has it. */
  people: readonly Person[] = [];
  /** How many look on, people included; 0 before the first `thread.presence`. */
  viewers = 0;
  /** What this state is the fold of: the id to resume the stream with; null before the first. */
  cursor: string | null = null;
  /** Whether the stream has said that the thread is deleted. */
  deleted = false;

  /** Behind which message older ones begin. */
  oldest: string | undefined;
  /** What events have said of messages, null if that they are deleted, while a page of older ones is asked for. */
  said: Map<string, Message | null> | null = null;

  // In the order of creation.
  #messages = new Map<string, Held>();
  #runs = new Map<string, Run>();
  #steps = new Map<string, RunStep>();

  // What was shown last, for as long as it holds. `#grown` are the messages in it that have grown since.
  #shown: readonly Message[] | null = null;
  #grown = new Set<Held>();
  #shownRuns: readonly Run[] | null = null;
  #shownSteps: readonly RunStep[] | null = null;

  /**
   * The messages, newest first, with the text so far of those that grow. One without any content is not shown yet.
   * A message that has not changed since the last look is the same object; so is the list, if none has.
   */
  get messages(): readonly Message[] {
    if (!this.#shown) {
      const list: Message[] = [];
      for (const held of this.#messages.values()) {
        const message = shown(held);
        held.place = message.content.length ? list.push(message) - 1 : -1;
      }
      this.#shown = list.reverse();
    } else if (this.#grown.size) {
      const list = this.#shown.slice();
      for (const held of this.#grown) list[list.length - 1 - held.place!] = shown(held);
      this.#shown = list;
    }
    this.#grown.clear();
    return this.#shown;
  }

  /** All messages, shown or not, oldest first. */
  get held(): ReadonlyMap<string, Held> {
    return this.#messages;
  }

  set held(messages: Map<string, Held>) {
    this.#messages = messages;
    this.#shown = null;
  }

  /** The runs, newest first. */
  get runs(): readonly Run[] {
    return (this.#shownRuns ??= [...this.#runs.values()].reverse());
  }

  /** The run steps, oldest first. */
  get run_steps(): readonly RunStep[] {
    return (this.#shownSteps ??= [...this.#steps.values()]);
  }

  /** Whether a message is held, shown or not. */
  holds(messageId: string): boolean {
    return this.#messages.has(messageId);
  }

  /**
   * Begin anew with what was read, to go on with a stream from `cursor`: the fold then holds these objects and those
   * created since, and an event about any other object changes nothing.
   */
  begin(start: Start): void {
    const { people = [], viewers = 0, cursor = null } = start;
    this.#hold(start);
    this.people = people;
    this.viewers = viewers;
    this.cursor = cursor;
  }

  /**
   * Move on by one event.
   *
   * @param type Unknown ones, `error` and `done` change nothing.
   * @param data The event's data, parsed.
   * @param id The cursor behind the event, if it has one.
   * @returns Whether anything but the cursor may have changed.
   */
  take(type: string, data: any, id?: string): boolean {
    const [, noun, verb] = /^thread\.(message|run|run\.step)\.(\w+)$/.exec(type) ?? [];
    const changed = !verb
      ? this.#takeThread(type, data)
      : noun === "message"
        ? this.#takeMessage(verb, data)
        : noun === "run"
          ? this.#takeRun(verb, data)
          : this.#takeStep(verb, data);
    if (id) this.cursor = id;
    return changed;
  }

  /** Hold this and nothing else. */
  #hold({ thread = null, messages = [], has_more = false, runs = [], run_steps = [] }: Start): void {
    this.thread = thread;
    this.has_more = has_more;
    this.deleted = false;
    this.said = null;
    this.#messages = new Map();
    // What is shown may end in older messages that grow, with others in between that are left out.
    let loose = true;
    for (const row of [...messages].reverse()) {
      if (loose) this.oldest = row.id;
      loose &&= row.status === "in_progress" && row !== messages[0];
      this.#messages.set(row.id, { ...held(row), loose });
    }
    this.#runs = new Map([...runs].reverse().map((run) => [run.id, run]));
    this.#steps = new Map(run_steps.map((step) => [step.id, step]));
    this.#shown = this.#shownRuns = this.#shownSteps = null;
  }

  #takeThread(type: string, data: any): boolean {
    switch (type) {
      case "thread.snapshot":
        this.begin({ ...data, viewers: this.viewers });
        return true;
      case "thread.created": // the log's first event
        this.#hold({ thread: data });
        return true;
      case "thread.updated":
        if (!this.thread) return false;
        this.thread = data;
        return true;
      case "thread.deleted":
        this.begin({ cursor: this.cursor });
        return (this.deleted = true);
      case "thread.presence":
        this.people = data.people;
        this.viewers = data.viewers;
        return true;
      case "thread.typing":
        this.people = this.people.map((person) =>
          person.user_id === data.user_id ? { ...person, typing: data.typing } : person,
        );
        return true;
      default:
        return false;
    }
  }

  #takeMessage(verb: string, data: any): boolean {
    const known = this.#messages.get(data?.id);
    if (verb === "deleted") this.said?.set(data.id, null);
    else if (MESSAGE.test(verb)) this.said?.set(data.id, data);
    if (verb === "created") {
      this.#messages.set(data.id, held(data));
    } else if (!known) {
      return false;
    } else if (verb === "deleted") {
      this.#messages.delete(data.id);
    } else if (verb === "delta") {
      if (!known.draft) return false;
      for (const item of data.delta.content ?? []) known.draft[item.index] = grown(item, known.draft[item.index]);
      known.shown = undefined;
      if (this.#shown && known.place! >= 0) {
        this.#grown.add(known);
        return true;
      }
    } else if (MESSAGE.test(verb)) {
      renew(known, data);
    } else {
      return false;
    }
    this.#shown = null;
    return true;
  }

  #takeRun(verb: string, data: Run): boolean {
    if (verb === "created") {
      // Perhaps again, where a run's stream cannot go on from its reader's cursor.
      this.#runs.delete(data.id);
      for (const [id, step] of this.#steps) if (step.run_id === data.id) this.#steps.delete(id);
      for (const [id, { row }] of this.#messages) if (row.run_id === data.id) this.#messages.delete(id);
      this.#shown = this.#shownSteps = null;
    } else if (!RUN.test(verb) || !this.#runs.has(data.id)) {
      return false;
    }
    this.#runs.set(data.id, data);
    this.#shownRuns = null;
    return true;
  }

  #takeStep(verb: string, data: any): boolean {
    const known = this.#steps.get(data?.id);
    if (known && verb === "delta") data = withCalls(known, data.delta);
    else if (verb !== "created" && !(known && STEP.test(verb))) return false;
    this.#steps.set(data.id, data);
    this.#shownSteps = null;
    return true;
  }
}

function held(row: Message): Held {
  return { row, draft: row.status === "in_progress" ? row.content.map((block) => grown(block)) : null };
}

/** Take a new row; one that has ended carries the whole content itself. */
export function renew(held: Held, row: Message): void {
  if (row.status !== "in_progress") held.draft = null;
  else if (!held.draft) row = { ...row, content: held.row.content };
  held.row = row;
  held.shown = undefined;
}

/** The message with its content so far. */
export function shown(held: Held): Message {
  return (held.shown ??= held.draft ? { ...held.row, content: held.draft.flat() } : held.row);
}

/** A block with what an item of a delta adds to it; the first item makes it. */
function grown(item: any, block?: any): Content {
  const type: string = (block ?? item).type;
  if (type === "text") {
    const { value, annotations } = item.text;
    const before = block?.text ?? { value: "", annotations: [] };
    return {
      type,
      text: {
        value: before.value + (value ?? ""),
        annotations: annotations?.length ? [...before.annotations, ...annotations.map(withoutIndex)] : before.annotations,
      },
    };
  }
  if (type === "refusal") return { type, refusal: (block?.refusal ?? "") + item.refusal };
  return withoutIndex(item); // such as an image, which comes whole
}

/** The step with the calls that its delta brings, each at its index. */
function withCalls(step: any, delta: any): RunStep {
  const calls = [...(step.step_details.tool_calls ?? [])];
  for (const call of delta.step_details.tool_calls ?? []) calls[call.index] = withoutIndex(call);
  return calls.length ? { ...step, step_details: { ...step.step_details, tool_calls: calls.flat() } } : step;
}

function withoutIndex({ index: _, ...rest }: any): any {
  return rest;
}
