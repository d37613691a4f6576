/** A server as it is from far away: what it and its clients tell each other takes its time, or waits until it is let through. */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export class FarServer implements AsyncDisposable {
  /** The server's address with another port. */
  readonly url: string;
  readonly #close: () => Promise<void>;
  #lagMs = 0;
  /** What clients have sent since it is held. */
  #held: (() => void)[] | undefined;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async before(url: string): Promise<FarServer> {
    const near = new URL(url);
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const behind = connect({ port: Number(near.port), host: near.hostname, allowHalfOpen: true });
      pass(client, behind, (send) => far.#fromClient(send));
      pass(behind, client, (send) => far.#later(send));
    });
    const pass = (from: Socket, to: Socket, later: (send: () => void) => void) => {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => later(() => to.write(bytes)));
      from.once('end', () => later(() => to.end()));
      from.once('error', () => to.destroy());
      from.once('close', () => sockets.delete(from));
    };
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = new URL(url);
    address.port = String((server.address() as AddressInfo).port);
    const far = new FarServer(address.href, async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return far;
  }

  /** From now on each direction takes so long. Only once, lest what is sent overtakes what was sent before. */
  moveAway(lagMs: number): void {
    this.#lagMs = lagMs;
  }

  /** Keeps what clients send until the answer is called. */
  hold(): () => void {
    const held: (() => void)[] = [];
    this.#held = held;
    return () => {
      this.#held = undefined;
      for (const send of held) send();
    };
  }

  #fromClient(send: () => void): void {
    if (this.#held) this.#held.push(() => this.#later(send));
    else this.#later(send);
  }

  #later(send: () => void): void {
    if (this.#lagMs === 0) send();
    else setTimeout(send, this.#lagMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
