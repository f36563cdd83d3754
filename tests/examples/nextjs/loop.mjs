// The example's own files, run by Node as they are: node loop.mjs <folder> <what> [arguments]. Tells what comes as lines of JSON.
const [folder, what, ...args] = process.argv.slice(2);
const load = (name) => import(`${folder}/lib/${name}.ts`);
const tell = (...told) => console.log(JSON.stringify(told));

const scenes = {
  /** A message to each assistant, one run after the other, as the route has them answered. */
  async answer(...assistants) {
    const { answer } = await load("answer");
    const { livethread, sentence } = await load("livethread");
    for (const assistant_id of assistants) {
      const thread = { messages: [{ role: "user", content: "Two cat names, from food and from music. Then the trivia." }] };
      const begun = await livethread.beta.threads.createAndRun({ assistant_id, thread, stream: true });
      const ended = answer(livethread, async () => begun, tell).catch(sentence);
      tell("ended", { as: await ended });
    }
  },

  /** The outputs of calls: names and arguments. */
  async outputs(...calls) {
    const { outputOf } = await load("functions");
    for (const call of calls) tell(await outputOf(...JSON.parse(call)));
  },

  /** The events of streams, each of pieces, given as hexadecimal bytes with commas between them. */
  async sse(...streams) {
    const { sse } = await load("sse");
    for (const stream of streams) {
      const pieces = stream.split(",").map((piece) => Uint8Array.from(Buffer.from(piece, "hex")));
      const events = await Array.fromAsync(sse(ReadableStream.from(pieces)));
      tell(...events.map(({ event, data }) => [event, data]));
    }
  },
};
await scenes[what](...args);
