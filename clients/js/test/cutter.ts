/** A proxy that cuts every connection behind a random byte of what the server says. */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export class Cutter {
  url = "";
  cuts = 0;
  private readonly open = new Set<Socket>();
  private readonly listening = createServer((from) => this.between(from));

  private constructor(
    private readonly target: URL,
    private readonly random: () => number,
    private readonly longest: number,
  ) {}

  /**
   * @param target - the address of the server
   * @param random - where it cuts
   * @param longest - bytes that a connection brings at most
   */
  static async start(target: string, random: () => number, longest: number): Promise<Cutter> {
    const cutter = new Cutter(new URL(target), random, longest);
    cutter.listening.listen(0, "127.0.0.1");
    await once(cutter.listening, "listening");
    cutter.url = `http://127.0.0.1:${(cutter.listening.address() as AddressInfo).port}`;
    return cutter;
  }

  close(): void {
    this.listening.close();
    for (const socket of this.open) socket.destroy();
  }

  private between(from: Socket): void {
    const to = connect(+this.target.port, this.target.hostname);
    let left = Math.floor(this.random() * this.longest);
    const end = () => [from, to].forEach((socket) => socket.destroy());
    for (const socket of [from, to]) {
      this.open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.open.delete(socket);
        end();
      });
    }
    from.pipe(to);
    to.on("data", (bytes: Buffer) => {
      from.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left > 0) return;
      this.cuts++;
      from.destroySoon();
      to.destroy();
    });
  }
}
