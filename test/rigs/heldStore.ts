/**
 * An S3 endpoint with one log object that it does not hand out until it is told to: a gate in front of a reader.
 * It answers listings like S3 and holds every GET of the object.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HeldRead {
  /** Resolves when the reader gives up on the answer: cancelled, or killed. */
  readonly dropped: Promise<void>;
  answer(body: string): void;
}

export class HeldStore implements AsyncDisposable {
  readonly endpoint: string;
  /** The log root. */
  readonly url = 's3://held/logs';
  /** For the processes that read: no real account is asked. */
  readonly env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' };
  readonly #server: Server;
  readonly #reads: HeldRead[] = [];
  readonly #waiting: ((read: HeldRead) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(): Promise<HeldStore> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return new HeldStore(server);
  }

  /** The next read of the object that was not yet taken; resolves once a reader waits for it. */
  async read(): Promise<HeldRead> {
    const read = this.#reads.shift();
    if (read) return read;
    const { promise, resolve } = Promise.withResolvers<HeldRead>();
    this.#waiting.push(resolve);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.endpoint);
    if (url.searchParams.has('list-type')) {
      const prefix = url.searchParams.get('prefix') ?? '';
      response.setHeader('content-type', 'application/xml').end(listing(prefix));
      return;
    }
    const dropped = Promise.withResolvers<void>();
    let isAnswered = false;
    response.once('close', () => {
      if (!isAnswered) dropped.resolve();
    });
    const read: HeldRead = {
      dropped: dropped.promise,
      answer: (body) => {
        isAnswered = true;
        response
          .writeHead(200, { 'content-length': Buffer.byteLength(body), etag, 'last-modified': modified })
          .end(request.method === 'HEAD' ? undefined : body);
      },
    };
    const waiter = this.#waiting.shift();
    if (waiter) waiter(read);
    else this.#reads.push(read);
  }
}

const key = 'logs/held.ndjson';
const etag = '"0123456789abcdef0123456789abcdef"';
const modified = 'Mon, 23 Nov 2026 00:00:00 GMT';

function listing(prefix: string): string {
  const object = `<Contents><Key>${key}</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>100</Size></Contents>`;
  const found = key.startsWith(prefix);
  return (
    `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    `<Name>held</Name><Prefix>${prefix}</Prefix><KeyCount>${found ? 1 : 0}</KeyCount><MaxKeys>1000</MaxKeys>` +
    `<IsTruncated>false</IsTruncated>${found ? object : ''}</ListBucketResult>`
  );
}
