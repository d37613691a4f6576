/** A server as it is from far away: what it and its clients tell each other takes its time, in both directions. */

import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export class FarServer implements AsyncDisposable {
  /** The server's address with another port. */
  readonly url: string;
  /** Milliseconds that each direction takes. Raise it only: what was sent before must not be overtaken. */
  lagMs = 0;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async before(url: string): Promise<FarServer> {
    const near = new URL(url);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const behind = connect(Number(near.port), near.hostname);
      for (const [from, to] of [
        [client, behind],
        [behind, client],
      ] as const) {
        sockets.add(from);
        from.setNoDelay(true);
        from.on('data', (bytes) => later(() => to.write(bytes)));
        from.once('end', () => later(() => to.end()));
        from.once('error', () => to.destroy());
        from.once('close', () => sockets.delete(from));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const far = new URL(url);
    far.port = String((server.address() as AddressInfo).port);
    const farServer = new FarServer(far.href, async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    const later = (send: () => void) => {
      if (farServer.lagMs === 0) send();
      else setTimeout(send, farServer.lagMs);
    };
    return farServer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
