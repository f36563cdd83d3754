// What a stream helper tells through its callbacks.
import { text } from "./scene.mjs";

const call = ({ id, function: { name, arguments: given } }) => [id, name, given];

/** Writes down every callback; the pieces of one text, whose number is a matter of time, become one entry. */
export function recorded(stream) {
  const calls = [];
  const note = (...entry) => calls.push(entry);
  /** Lengthens the entry of the message that is being written; `whole` is what the SDK has gathered. */
  const grow = (name, piece, whole) => {
    let entry = calls.findLast(([found]) => found === name || found === "messageCreated");
    if (entry[0] !== name) calls.push((entry = [name, ""]));
    entry[1] += piece;
    if (whole !== entry[1]) note("gathered otherwise", name, whole);
  };
  let isOver = false;
  stream
    .on("connect", () => note("connect"))
    .on("messageCreated", (message) => note("messageCreated", message.status))
    .on("messageDelta", (delta, message) => grow("messageDelta", text(delta), text(message)))
    .on("messageDone", (message) => note("messageDone", message.status, text(message)))
    .on("textCreated", (content) => note("textCreated", content.annotations.length))
    .on("textDelta", (delta, content) => grow("textDelta", delta.value, content.value))
    .on("textDone", (content, message) => note("textDone", content.value, text(message)))
    .on("imageFileDone", () => note("imageFileDone"))
    .on("toolCallCreated", (made) => note("toolCallCreated", ...call(made)))
    .on("toolCallDelta", (_, made) => note("toolCallDelta", ...call(made)))
    .on("toolCallDone", (made) => note("toolCallDone", ...call(made)))
    .on("runStepCreated", (step) => note("runStepCreated", step.type))
    .on("runStepDelta", (_, step) => note("runStepDelta", ...step.step_details.tool_calls.map(call)))
    .on("runStepDone", (step) => note("runStepDone", step.type, step.status))
    .on("run", (run) => note("run", run.status))
    .on("error", (error) => note("error", error.constructor.name, error.message))
    .on("abort", (error) => note("abort", error.constructor.name, error.message))
    .on("event", () => isOver && note("an event behind the end"))
    .on("end", () => (isOver = true) && note("end"));
  return calls;
}

/** What the helper says it is at, at each of its callbacks of this name. */
export function moments(stream, ...names) {
  const found = [];
  for (const name of names) {
    stream.on(name, () => {
      const [message, step] = [stream.currentMessageSnapshot(), stream.currentRunStepSnapshot()];
      found.push([
        name,
        stream.currentEvent()?.event,
        stream.currentRun()?.status,
        step === undefined ? null : [step.type, step.status],
        message === undefined ? null : text(message),
      ]);
    });
  }
  return found;
}
