/** The room over Socket.IO: one list of what is to be shown, whatever the connection does. */

import { io } from "socket.io-client";
import { onScopeDispose, ref, watch } from "vue";
import { newId, tidy } from "./me.js";

/**
 * @param {string} url - of the server
 * @param {import("vue").Ref<{user_id: string, name: string} | null>} me - who takes part; as long as it is null, nobody
 * @param {import("vue").Ref<boolean>} streaming - whether answers are shown while they are written
 */
export function useRoom(url, me, streaming) {
  /** Messages, lines about people and the connection, and errors: `{id, kind, content, …}`, oldest first. */
  const entries = ref([]);
  const connected = ref(false);
  const busy = ref(false);
  const called = ref(""); // what the others call me
  const { origin, pathname } = new URL(url, location.href);
  const path = `${pathname.replace(/\/$/, "")}/socket.io/`; // the server may be below a path
  const socket = io(origin, { path, autoConnect: false, transports: ["websocket", "polling"], tryAllTransports: true });
  let welcomed = false;
  let lost = false;
  let told; // the id of the last message that the server told
  let sent = null; // my last message while it is not certain what it stands behind
  let retry;

  const find = (id) => entries.value.find((entry) => entry.id === id);

  function say(content, kind = "line") {
    entries.value.push({ id: newId(), kind, content });
  }

  /** Show a message, or what is new about one that is shown. */
  function put(message) {
    const known = find(message.id);
    if (known) Object.assign(known, message);
    else entries.value.push(message);
  }

  /**
   * Say who we are, and whether answers are to be streamed.
   *
   * @param last - the last message to be known; the server then tells those behind it
   */
  function register(last) {
    if (!socket.connected || !me.value) return;
    socket.emit("register", { ...me.value, stream: streaming.value, last }, (answer) => {
      if (answer?.verdict === "registered") called.value = answer.name; // with a number, if somebody else has it
    });
  }

  function send(content) {
    const message = { ...me.value, name: called.value, id: newId(), role: "user", content, created_at: Date.now() };
    entries.value.push({ ...message, kind: "message", pending: true });
    sent = { behind: told ?? "nothing", stored: false, crossed: false };
    deliver(message);
  }

  /** The server acknowledges what it has stored; what it never acknowledged is sent again after a reconnect. */
  function deliver({ id, user_id, name, role, content, created_at }) {
    socket.emit("message", { id, user_id, name, role, content, created_at }, (answer) => {
      Object.assign(find(id), { pending: false, refused: answer?.verdict === "error" });
      if (sent) sent.stored = true;
      settle();
    });
  }

  /** Two spoke at once, and each has shown their own message first: ask for the order of the thread. */
  function settle() {
    if (!sent?.stored || !sent.crossed) return;
    register(sent.behind);
    sent = null;
  }

  function stopGrowing() {
    for (const entry of entries.value) entry.growing = false;
  }

  socket.on("connect", () => register(told));
  socket.on("disconnect", (reason) => {
    connected.value = busy.value = false;
    lost = true;
    stopGrowing();
    say("You are disconnected from the server");
    if (reason === "io server disconnect") retry = setTimeout(() => socket.connect(), 1000);
  });
  socket.on("connect_error", (error) => {
    if (!socket.active) say(error.message, "error"); // refused, as it would be again
    else if (!lost) say("The server cannot be reached; trying again");
    lost = true;
  });

  socket.on("welcome", () => {
    if (connected.value) return; // it answers every `register`
    say(welcomed ? "You are connected again" : `Welcome ${me.value.name}`);
    connected.value = welcomed = true;
    lost = false;
    entries.value.filter(({ pending }) => pending).forEach(deliver);
  });
  socket.on("join", ({ name }) => say(`${tidy(name)} has joined the discussion`));
  socket.on("leave", ({ name }) => say(`${tidy(name)} has left the discussion`));

  socket.on("ai-start", () => (busy.value = true));
  socket.on("ai-end", () => {
    busy.value = false;
    sent = null;
  });

  socket.on("message", (message) => {
    if (message.role === "system") return say(message.content, "error");
    put({ ...message, kind: "message" });
    told = message.id;
    if (sent) sent.crossed = true;
    settle();
  });
  socket.on("message-list", (list) => {
    const messages = list.map((message) => ({ ...message, kind: "message", growing: false, pending: false }));
    entries.value = merged(entries.value, messages);
    told = list.at(-1)?.id ?? told;
  });

  // An answer begins, and begins anew after each `register`; grows; and is whole.
  socket.on("message-start", (message) => put({ ...message, kind: "message", content: "", growing: true }));
  socket.on("message-delta", ({ id, text }) => {
    const entry = find(id);
    if (entry) entry.content += text;
  });
  socket.on("message-end", ({ id }) => {
    const at = entries.value.findIndex((entry) => entry.id === id);
    if (at < 0) return;
    if (entries.value[at].content) entries.value[at].growing = false;
    else entries.value.splice(at, 1); // it failed before it had said anything
    told = id;
  });

  const meet = (now, before) => {
    called.value = now?.name ?? "";
    if (now && !before) socket.connect();
    else register();
  };
  watch(me, meet, { immediate: true });
  watch(streaming, () => {
    stopGrowing();
    register();
  });
  onScopeDispose(() => {
    clearTimeout(retry);
    socket.close();
  });

  return { entries, connected, busy, called, send };
}

/**
 * What is shown, and a part of the thread as the server lists it: every message once, and those of the list in its
 * order, which is the thread's. No clock has a say in it.
 */
export function merged(shown, list) {
  if (!shown.some(({ kind }) => kind === "message")) return [...list, ...shown]; // history, above the first lines
  const known = new Map(shown.map((entry) => [entry.id, entry]));
  const listed = new Set(list.map(({ id }) => id));
  const rest = [...list];
  const all = [];
  for (const entry of shown) {
    if (!listed.has(entry.id)) {
      all.push(entry);
      continue;
    }
    // In its place stands the next of the list that is shown already, below those before it that are new.
    const end = rest.findIndex(({ id }) => known.has(id)) + 1;
    all.push(...rest.splice(0, end).map((message) => ({ ...known.get(message.id), ...message })));
  }
  return [...all, ...rest];
}
