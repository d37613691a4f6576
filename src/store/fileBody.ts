/** The bytes of an open file, or a range of them, as a stream that closes the file whatever happens. */

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { asError, fileError } from './fileError.ts';
import type { GetOptions } from './objectStore.ts';
import { StoreError } from './storeError.ts';

const chunkBytes = 256 * 1024;

/**
 * Reads `range` of the `sizeBytes` that the file had when it was opened. An aborted `signal` ends it with the signal's
 * reason, a file that became shorter with `changed`.
 */
export class FileBody extends Readable {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #position: number;

  constructor(handle: FileHandle, path: string, sizeBytes: number, { range, signal }: GetOptions) {
    super({ highWaterMark: chunkBytes });
    this.#handle = handle;
    this.#path = path;
    this.#position = Math.min(range?.start ?? 0, sizeBytes);
    this.#end = Math.min(range?.end ?? sizeBytes, sizeBytes);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  override _read(): void {
    void this.#readChunk();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    void this.#close(error, done);
  }

  readonly #onAbort = (): void => {
    this.destroy(asError(this.#signal?.reason));
  };

  async #readChunk(): Promise<void> {
    const length = Math.min(chunkBytes, this.#end - this.#position);
    if (length <= 0) {
      this.push(null);
      return;
    }
    try {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, this.#position);
      if (bytesRead === 0)
        throw new StoreError('changed', `'${this.#path}' became shorter while it was read. Read it again.`);
      this.#position += bytesRead;
      this.push(buffer.subarray(0, bytesRead));
    } catch (error) {
      this.destroy(asError(fileError(error, 'read', this.#path)));
    }
  }

  async #close(error: Error | null, done: (error?: Error | null) => void): Promise<void> {
    let closing: unknown;
    try {
      await this.#handle.close();
    } catch (failure) {
      closing = fileError(failure, 'close', this.#path);
    }
    done(error ?? (closing === undefined ? null : asError(closing)));
  }
}
