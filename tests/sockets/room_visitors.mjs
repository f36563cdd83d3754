// Four people in a room with Node's socket.io-client. Arguments: the server, the transport, the room's thread and
// assistant. Prints what each of those who stay has on the screen.
import { createRequire } from "node:module";

const [url, transport, thread_id, assistant_id] = process.argv.slice(2);
const require = createRequire(new URL("../../clients/js/package.json", import.meta.url));
const { io } = require("socket.io-client");

class Visitor {
  constructor(name, stream) {
    this.items = [];
    this.told = [];
    this.busy = false;
    this.waiting = [];
    this.who = { user_id: `user_${name}`, name };
    this.socket = io(url, { transports: [transport], forceNew: true, reconnection: false });
    this.socket.onAny((name, said) => {
      this.told.push(name);
      this.hear(name, said);
      this.waiting = this.waiting.filter(([holds, done]) => !holds() || done());
    });
    this.socket.emit("register", { ...this.who, thread_id, assistant_id, stream });
  }

  hear(name, said) {
    if (name === "message") this.items.push(said);
    if (name === "message-list") this.items.push(...said);
    if (name === "message-start") this.items.push({ ...said, content: "" });
    if (name === "message-delta") this.items.find(({ id }) => id === said.id).content += said.text;
    if (name.startsWith("ai-")) this.busy = name === "ai-start";
  }

  until(holds) {
    return new Promise((done) => (holds() ? done() : this.waiting.push([holds, done])));
  }

  async say(content, id) {
    const said = { ...this.who, content, role: "user", id, created_at: Date.now() };
    this.items.push(said);
    said.created_at = (await this.socket.emitWithAck("message", said)).created_at;
  }

  count(name) {
    return this.told.filter((told) => told === name).length;
  }

  screen() {
    const sorted = this.items.toSorted((a, b) => Number(a.created_at) - Number(b.created_at));
    return sorted.map(({ name, role, content }) => [name, role, content]);
  }
}

const [ann, ben, cal] = [new Visitor("Ann", false), new Visitor("Ben", true), new Visitor("Cal", false)];
for (const visitor of [ann, ben, cal]) await visitor.until(() => visitor.count("welcome") === 1);
await Promise.all([ann.say("Hello 你好", "ann-1"), ben.say("Hi 👩‍👩‍👧", "ben-1")]);
await ben.until(() => ben.count("message-delta") > 5);
cal.socket.disconnect();
const dee = new Visitor("Dee", true);
const staying = [ann, ben, dee];
for (const visitor of staying) await visitor.until(() => visitor.items.length === 4 && !visitor.busy);
await ann.until(() => ann.count("leave") === 1);
console.log(JSON.stringify(staying.map((visitor) => visitor.screen())));
await ann.say("And now I go", "ann-2");
for (const visitor of staying) visitor.socket.disconnect();
