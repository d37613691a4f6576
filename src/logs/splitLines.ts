/** Cuts a stream of bytes into lines, each with the offset at which it starts, in bounded memory. */

export interface Line {
  /** Without its line end. Of a line that is too long only the beginning. */
  readonly bytes: Buffer;
  readonly offsetBytes: number;
  readonly isTooLong: boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** What is kept of a line that is too long. */
const keptBytes = 4096;

export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #heldBytes = 0;
  #lineBytes = 0;
  #lineOffset = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end within `chunk`. */
  *push(chunk: Uint8Array): Generator<Line, void> {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    for (;;) {
      const end = buffer.indexOf(lineFeed, at);
      if (end < 0) break;
      this.#hold(buffer.subarray(at, end));
      yield this.#take(1);
      at = end + 1;
    }
    // A copy: the chunk may be large, and the line outlives it.
    if (at < buffer.length) this.#hold(Buffer.from(buffer.subarray(at)));
  }

  /** What follows the last line end, if anything does. */
  rest(): Line | undefined {
    return this.#lineBytes > 0 ? this.#take(0) : undefined;
  }

  /** Where the line starts that is not complete yet. */
  get offsetBytes(): number {
    return this.#lineOffset;
  }

  /** Whether nothing is held of a line that is not complete yet. */
  get isAtStart(): boolean {
    return this.#lineBytes === 0;
  }

  /** Passes over whole lines that someone else has read. */
  skip(bytes: number): void {
    this.#lineOffset += bytes;
  }

  #hold(part: Buffer): void {
    this.#lineBytes += part.length;
    // One byte more, as a carriage return before the line end does not count.
    const wanted = this.#lineBytes > this.#maxBytes + 1 ? keptBytes - this.#heldBytes : part.length;
    if (wanted <= 0) return;
    this.#parts.push(part.subarray(0, wanted));
    this.#heldBytes += Math.min(wanted, part.length);
  }

  #take(endBytes: number): Line {
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts);
    const hasReturn = this.#heldBytes === this.#lineBytes && whole.at(-1) === carriageReturn;
    const contentBytes = this.#lineBytes - (hasReturn ? 1 : 0);
    const isTooLong = contentBytes > this.#maxBytes;
    const line: Line = {
      bytes: whole.subarray(0, isTooLong ? keptBytes : contentBytes),
      offsetBytes: this.#lineOffset,
      isTooLong,
    };
    this.#lineOffset += this.#lineBytes + endBytes;
    this.#parts = [];
    this.#heldBytes = 0;
    this.#lineBytes = 0;
    return line;
  }
}
