/** Where the bytes of a block file lie: in a file that stays open, so that each block is read when it is wanted, or in memory. */

import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

export interface BlockBytes {
  readonly size: number;
  /** In memory of their own, but for what was in memory before; fewer where the file ends before. */
  read(start: number, end: number): Buffer;
  /** The same, without holding up the thread. */
  fetch(start: number, end: number): Promise<Buffer>;
  close(): void;
}

const readInto = promisify(read);

/** Stays what it was when it was opened, also when its name is removed meanwhile. To be closed. */
export class OpenedFile implements BlockBytes {
  readonly size: number;
  readonly #descriptor: number;
  #reading = 0;
  #isClosed = false;

  /** Throws as `openSync` does. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
    this.size = fstatSync(this.#descriptor).size;
  }

  read(start: number, end: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, bytes.length, start));
  }

  async fetch(start: number, end: number): Promise<Buffer> {
    this.#reading += 1;
    try {
      const bytes = Buffer.allocUnsafeSlow(end - start);
      const { bytesRead } = await readInto(this.#descriptor, bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    } finally {
      this.#reading -= 1;
      this.#closeUnread();
    }
  }

  /** Once what is being fetched was. */
  close(): void {
    this.#isClosed = true;
    this.#closeUnread();
  }

  #closeUnread(): void {
    if (this.#isClosed && this.#reading === 0) closeSync(this.#descriptor);
  }
}

export function bytesInMemory(bytes: Buffer): BlockBytes {
  return {
    size: bytes.length,
    read: (start, end) => bytes.subarray(start, end),
    fetch: (start, end) => Promise.resolve(bytes.subarray(start, end)),
    close: () => undefined,
  };
}
