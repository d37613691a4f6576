/**
 * Reads lines of logs into rows, without making objects or strings of them, in WebAssembly (`../assembly/scanner`). An instance has a memory of its own,
 * in which the dictionaries of its columns are; it goes with the instance.
 */

import { randomFillSync } from 'node:crypto';
import { parseTimestamp } from '../../model/record.ts';
import { WasmMemory } from '../wasm/wasmMemory.ts';
import { wasmExports } from '../wasm/wasmModule.ts';
import { ScannedKeys, scannedTexts } from './scannedKeys.ts';
import { ScannedTexts } from './scannedTexts.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly hashKeys: WebAssembly.Global;
  readonly dictionaries: WebAssembly.Global;
  readonly restField: WebAssembly.Global;
  readonly tokensField: WebAssembly.Global;
  readonly maxRows: WebAssembly.Global;
  readonly rows: WebAssembly.Global;
  readonly textCodes: WebAssembly.Global;
  readonly numbers: WebAssembly.Global;
  readonly times: WebAssembly.Global;
  readonly offsets: WebAssembly.Global;
  readonly tokenCodes: WebAssembly.Global;
  readonly tokenEnds: WebAssembly.Global;
  readonly tokenCount: WebAssembly.Global;
  forgetKeys(): void;
  roomForLines(sizeBytes: number): number;
  roomForText(sizeBytes: number): number;
  scan(start: number, end: number, offsetBytes: number): number;
  newDictionary(): number;
  clearDictionary(dictionary: number): void;
  codeOf(dictionary: number, start: number, sizeBytes: number): number;
}

/** Of a draft: what lines are scanned into. */
export type ScannedColumn = (typeof scannedTexts)[number] | 'rest' | 'fields';

/** Where something of rows is: in the memory as such an array. */
interface RowsInMemory<Values> {
  readonly array: Values;
  readonly place: number;
}

/** Random keys that its hash takes. */
const hashKeyBytes = 68 * 4;
/** Room for epoch ms in decimal. */
const momentBytes = 24;

export class Scanner {
  readonly #exports: Exports;
  #keys = new ScannedKeys();
  readonly memory: WasmMemory;
  /** Where the lines are, and where they end. */
  #lines = 0;
  #linesEnd = 0;
  /** Most rows that a scan gives. */
  readonly maxRows: number;

  constructor() {
    // What `assembly/scanner/index.ts` exports.
    this.#exports = wasmExports('scanner', this.#host()) as Exports;
    this.memory = new WasmMemory(this.#exports.memory);
    this.maxRows = this.#exports.maxRows.value;
    randomFillSync(this.memory.bytes, this.#exports.hashKeys.value, hashKeyBytes);
  }

  /** Texts that its rows have codes of. @param column that scanned texts go to; those of no column are the caller's. */
  newTexts(column?: ScannedColumn): ScannedTexts {
    const dictionary = this.#exports.newDictionary();
    if (column !== undefined)
      this.memory.words[this.#exports.dictionaries.value / 4 + this.#placeOf(column)] = dictionary;
    return new ScannedTexts(this, dictionary);
  }

  #placeOf(column: ScannedColumn): number {
    if (column === 'rest') return this.#exports.restField.value;
    return column === 'fields' ? this.#exports.tokensField.value : scannedTexts.indexOf(column);
  }

  /** Forgets which keys records had: it keeps but so many. */
  forgetKeys(): void {
    this.#exports.forgetKeys();
    this.#keys = new ScannedKeys();
  }

  /** Copies lines, to be scanned. @param lines valid UTF-8, the last of which ends with a line feed. */
  load(lines: Uint8Array): void {
    this.#lines = this.#exports.roomForLines(lines.length) >>> 0;
    this.#linesEnd = this.#lines + lines.length;
    this.memory.bytes.set(lines, this.#lines);
  }

  /**
   * Makes rows of the lines from `start` of those that were loaded, until one is odd in some way or there are `maxRows`. What the scanner
   * takes has the meaning that `parseRecord` gives it. @returns where the first line starts that was not taken.
   */
  scan(start: number, offsetBytes: number): number {
    return (this.#exports.scan(this.#lines + start, this.#linesEnd, offsetBytes) >>> 0) - this.#lines;
  }

  /** How many rows the last scan made. All of these are valid until the next call. */
  get rows(): number {
    return this.#exports.rows.value;
  }

  /** Codes of each row, 0 where it has none: a text's from `place` on, each by its place among `scannedTexts`, `maxRows` after the one before. */
  get codes(): RowsInMemory<Uint32Array> {
    return { array: this.memory.words, place: this.#exports.textCodes.value >>> 2 };
  }

  get restField(): number {
    return this.#exports.restField.value;
  }

  /** As `codes`, by place among `scannedNumbers`. NaN where a row has none. */
  get numbers(): RowsInMemory<Float64Array> {
    return { array: this.memory.doubles, place: this.#exports.numbers.value >>> 3 };
  }

  /** Epoch ms. */
  get times(): Float64Array {
    return this.memory.doublesAt(this.#exports.times.value, this.rows);
  }

  get offsets(): Float64Array {
    return this.memory.doublesAt(this.#exports.offsets.value, this.rows);
  }

  /** Of field tokens, row after row. */
  get tokenCodes(): Uint32Array {
    return this.memory.wordsAt(this.#exports.tokenCodes.value, this.#exports.tokenCount.value);
  }

  /** Of each row: where its tokens end. */
  get tokenEnds(): Uint32Array {
    return this.memory.wordsAt(this.#exports.tokenEnds.value, this.rows);
  }

  /** Room for a text, until the next is asked for. @returns its place in the memory. */
  roomForText(sizeBytes: number): number {
    return this.#exports.roomForText(sizeBytes) >>> 0;
  }

  /** The code of a text that is in the memory, in a dictionary. */
  codeOf(dictionary: number, start: number, sizeBytes: number): number {
    return this.#exports.codeOf(dictionary, start, sizeBytes) >>> 0;
  }

  clearTexts(dictionary: number): void {
    this.#exports.clearDictionary(dictionary);
  }

  /** What it asks: see `../assembly/scanner/host.ts`. */
  #host(): WebAssembly.Imports[string] {
    const textAt = (start: number, size: number): string => decoder.decode(this.memory.bytesAt(start, size));
    return {
      timeOfText: (start: number, size: number) => parseTimestamp(textAt(start, size)) ?? Number.NaN,
      timeOfNumber: (start: number, size: number) => parseTimestamp(Number(textAt(start, size))) ?? Number.NaN,
      spellMoment: (ms: number, to: number) =>
        encoder.encodeInto(String(ms), this.memory.bytesAt(to, momentBytes)).written,
      describeKey: (parent: number, start: number, size: number, path: number, room: number) => {
        const { kind, field, tokenStart } = this.#keys.add(parent, textAt(start, size));
        const { written } = encoder.encodeInto(tokenStart, this.memory.bytesAt(path, room));
        return kind | (field << 8) | (written << 16);
      },
    };
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
