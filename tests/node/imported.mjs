// The AssistantStream helper on runs that have ended, re-attached: what it gathers.
import { AssistantStream } from "openai/lib/AssistantStream";

import { client, tell } from "./scene.mjs";

const found = {};
for (const place of process.argv.slice(3)) {
  const [threadId, runId] = place.split("/");
  const events = await client.get(`/threads/${threadId}/runs/${runId}/events`, { stream: true });
  const stream = AssistantStream.fromReadableStream(events.toReadableStream());
  await stream.done();
  found[runId] = {
    run: await stream.finalRun(),
    messages: await stream.finalMessages(),
    steps: await stream.finalRunSteps(),
  };
}
tell(found);
