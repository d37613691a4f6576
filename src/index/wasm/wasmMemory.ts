/** A module's memory as typed arrays, which are made anew when it has grown: they are valid until the next call into the module. */

export class WasmMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);
  #doubles = new Float64Array(0);

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    // The arrays of a memory that has grown are empty.
    if (this.#bytes.length === 0) this.#look();
    return this.#bytes;
  }

  get words(): Uint32Array<ArrayBuffer> {
    if (this.#words.length === 0) this.#look();
    return this.#words;
  }

  get doubles(): Float64Array<ArrayBuffer> {
    if (this.#doubles.length === 0) this.#look();
    return this.#doubles;
  }

  /** @param place of the first byte. A number that a module gives may come as a negative one. */
  bytesAt(place: number, count: number): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(place >>> 0, (place >>> 0) + count);
  }

  wordsAt(place: number, count: number): Uint32Array<ArrayBuffer> {
    return this.words.subarray(place >>> 2, (place >>> 2) + count);
  }

  doublesAt(place: number, count: number): Float64Array<ArrayBuffer> {
    return this.doubles.subarray(place >>> 3, (place >>> 3) + count);
  }

  #look(): void {
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }
}
