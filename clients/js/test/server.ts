/** The real server, on a free port, with a data folder of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = join(import.meta.dirname, "../../../.venv/bin/livethread");

export class Server {
  url = "";
  private process!: ChildProcess;

  private constructor(
    private readonly folder: string,
    private readonly settings: Record<string, string>,
  ) {}

  /** @param settings - variables of its environment */
  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "livethread-")), settings);
    await server.serve("0");
    return server;
  }

  /** End it as a crash would. */
  async kill(): Promise<void> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }

  /** Start it again with the same data, where it was. */
  async restart(): Promise<void> {
    await this.serve(new URL(this.url).port);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }

  /** Any call of the API. */
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`${this.url}/v1${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const parsed = await answer.json();
    if (!answer.ok) throw new Error(parsed.error.message);
    return parsed;
  }

  /** The id of an assistant that plays a scenario; its functions are those that it may call. */
  async player(scenario: unknown, ...functions: string[]): Promise<string> {
    const tools = functions.map((name) => ({ type: "function", function: { name } }));
    const body = { model: "builtin/script", instructions: JSON.stringify(scenario), tools };
    return (await this.call("POST", "/assistants", body)).id;
  }

  /** The messages of a thread as REST has them, newest first. */
  async messages(threadId: string): Promise<any[]> {
    return (await this.call("GET", `/threads/${threadId}/messages?limit=100`)).data;
  }

  private async serve(port: string): Promise<void> {
    this.process = spawn(PROGRAM, ["serve", "--port", port, "--data", this.folder], {
      cwd: this.folder,
      env: { ...process.env, LIVETHREAD_WORDS_PER_SECOND: "0", LIVETHREAD_LOCAL_ENGINES: "false", ...this.settings },
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: this.process.stdout! })) {
      const said = /Livethread is at (\S+)/.exec(line);
      if (said) {
        this.url = said[1]!;
        this.process.stdout!.resume();
        return;
      }
    }
    throw new Error("The server did not start.");
  }
}
