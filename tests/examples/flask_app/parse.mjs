// Reads {parser, cases: [[piece in hex, …], …]} from its input, and writes the events that pages/sse.js makes of each case.
import { readFileSync } from "node:fs";

const { parser, cases } = JSON.parse(readFileSync(0, "utf8"));
const { events } = await import(parser);

const found = [];
for (const pieces of cases) {
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece, "hex"));
      controller.close();
    },
  });
  const of = [];
  for await (const event of events(body)) of.push(event);
  found.push(of);
}
process.stdout.write(JSON.stringify(found));
