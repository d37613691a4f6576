/** One compressed stream of node:zlib, fed by hand so that it is known which input bytes gave which output. */

import { createInflateRaw, createZstdDecompress } from 'node:zlib';

export type Codec = 'deflate' | 'zstd';

export interface DecodedSlice {
  readonly output: readonly Buffer[];
  /** Bytes of the slice that belong to the stream; fewer than it has once the stream has ended. */
  readonly consumedBytes: number;
  readonly ended: boolean;
}

const chunkSize = 64 * 1024;

export class Decoder {
  readonly #stream: ReturnType<typeof createInflateRaw> | ReturnType<typeof createZstdDecompress>;
  #output: Buffer[] = [];
  #failure: Error | undefined;
  #onFailure: ((error: Error) => void) | undefined;

  constructor(codec: Codec) {
    this.#stream = codec === 'deflate' ? createInflateRaw({ chunkSize }) : createZstdDecompress({ chunkSize });
    this.#stream.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#stream.on('error', (error) => {
      this.#failure = error;
      this.#onFailure?.(error);
    });
  }

  /** Throws what zlib says of damaged input; of the output of that slice some may then be missing. */
  async feed(slice: Buffer): Promise<DecodedSlice> {
    const before = this.#stream.bytesWritten;
    await this.#settled((done) => this.#stream.write(slice, () => done()));
    const consumedBytes = this.#stream.bytesWritten - before;
    const output = this.#output;
    this.#output = [];
    // zlib leaves input alone only when the stream is complete.
    return { output, consumedBytes, ended: consumedBytes < slice.length };
  }

  /** Says that no input is left; throws when the stream is not complete. */
  async end(): Promise<void> {
    await this.#settled((done) => {
      this.#stream.once('end', done);
      this.#stream.end();
    });
  }

  close(): void {
    this.#stream.destroy();
  }

  async #settled(start: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#onFailure = reject;
      start(resolve);
    });
    this.#onFailure = undefined;
  }
}
