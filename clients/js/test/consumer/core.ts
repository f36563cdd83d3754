/** What the types of the core promise, as a page sees them; the compiler is the test. */

import {
  addMessage,
  addMessageAndRuns,
  ApiError,
  type Client,
  createClient,
  loadThread,
  type Message,
  type Run,
  type Status,
  type ThreadState,
  Unreachable,
} from "livethread";
import { eventSource } from "livethread/event-source";
import { type ListedThread, type ListState, threadList } from "livethread/list";
import { socketIo } from "livethread/socket-io";
import { io } from "socket.io-client";
import { type Equal, is } from "./equal.js";

const client: Client = createClient({ url: "http://127.0.0.1:8000", name: "Ann", limit: 50, follow: eventSource });

let messages: Message[] = [];
const stop = loadThread("thread_1", (now) => {
  messages = now;
});
is<Equal<typeof stop.ready, Promise<void>>>();
stop();

is<Equal<ReturnType<typeof addMessage>, Promise<Message>>>();
is<Equal<ReturnType<typeof addMessageAndRuns>, Promise<Run[]>>>();
is<Equal<ReturnType<Client["older"]>, Promise<boolean>>>();
is<Equal<Status, "connecting" | "live" | "reconnecting" | "offline">>();

const { getSnapshot, subscribe } = client.thread("thread_1");
is<Equal<ReturnType<typeof getSnapshot>, ThreadState>>();
const end: () => void = subscribe(() => {});
end();

void client.addMessage("thread_1", { content: [{ type: "text", text: "Look" }], metadata: { topic: "trees" } });
void client.http.call<{ data: { id: string }[] }>("GET", "/assistants").then(({ data }) => data[0]?.id);

for (const { content } of messages)
  for (const block of content) {
    if (block.type === "text") is<Equal<typeof block.text.value, string>>();
    if (block.type === "image_url") is<Equal<typeof block.image_url.url, string>>();
  }

const { error, messages: read } = getSnapshot();
if (error instanceof ApiError) is<Equal<typeof error.status, number>>();
if (error instanceof Unreachable) void error.cause;

const list = threadList(client);
is<Equal<ReturnType<typeof list.getSnapshot>, ListState>>();
is<Equal<ListedThread["title"], string | null>>();

createClient({ follow: socketIo(io) });
createClient({ follow: socketIo(io, { transports: ["websocket"], withCredentials: true }) });

createClient({ tools: { look: async ({ place }, { run_id }) => ({ place, run_id }) } });

// @ts-expect-error -- a thread is asked for by its id
loadThread(1, () => {});
// @ts-expect-error -- a setter is given the whole list, never a single message
loadThread("thread_1", (message: Message) => void message);
// @ts-expect-error -- a state is never changed
read.push(messages[0]!);
// @ts-expect-error -- there is no such option
createClient({ adress: "http://127.0.0.1:8000" });
// @ts-expect-error -- a message has content
void client.addMessage("thread_1", { role: "user" });
// @ts-expect-error -- the status of a run is one of those that there are
((status: Run["status"]) => status === "done");
