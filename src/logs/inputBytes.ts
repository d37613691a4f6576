/** A stream of bytes to be taken in portions of the reader's choice, with the offset of the next one. */

export class InputBytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);
  #offset: number;

  constructor(source: AsyncIterable<Uint8Array>, offset = 0) {
    this.#source = source[Symbol.asyncIterator]();
    this.#offset = offset;
  }

  /** Offset of the next byte to be taken. */
  get offset(): number {
    return this.#offset;
  }

  /** Waits for at least `count` bytes; false when the stream ends with fewer. */
  async fill(count: number): Promise<boolean> {
    const parts: Uint8Array[] = [this.#pending];
    let length = this.#pending.length;
    while (length < count) {
      const next = await this.#source.next();
      if (next.done) break;
      parts.push(next.value);
      length += next.value.length;
    }
    if (parts.length > 1) this.#pending = Buffer.concat(parts);
    return length >= count;
  }

  /** Up to `count` of the bytes that are there, without taking them. */
  peek(count: number): Buffer {
    return this.#pending.subarray(0, count);
  }

  skip(count: number): void {
    this.#pending = this.#pending.subarray(count);
    this.#offset += count;
  }

  /** Ends the stream, read to its end or not. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
