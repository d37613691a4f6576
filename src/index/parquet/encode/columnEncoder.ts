/**
 * Gathers columns in the file's order and encodes their values, in WebAssembly (`../../assembly/parquet`): one column after the other, of it one
 * row group after the other, and of that one piece after the other. What it gives is valid until the next call.
 */

import { WasmMemory } from '../../wasm/wasmMemory.ts';
import { wasmExports } from '../../wasm/wasmModule.ts';
import type { NumberColumn, TextColumn, TextListColumn } from '../parquetColumns.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly levelCount: WebAssembly.Global;
  readonly valueCount: WebAssembly.Global;
  readonly pageCount: WebAssembly.Global;
  readonly pages: WebAssembly.Global;
  readonly distinctCount: WebAssembly.Global;
  readonly leastText: WebAssembly.Global;
  readonly greatestText: WebAssembly.Global;
  readonly least: WebAssembly.Global;
  readonly greatest: WebAssembly.Global;
  roomForOrder(rows: number): number;
  roomForColumn(sizeBytes: number): number;
  roomForEnds(sizeBytes: number): number;
  roomForTexts(sizeBytes: number): number;
  roomForStarts(entries: number): number;
  gatherCodes(): number;
  gatherNumbers(): number;
  takeCodes(from: number, to: number): void;
  takeLists(from: number, to: number): void;
  takeNumbers(from: number, to: number): void;
  poolTexts(): void;
  startOfText(text: number): number;
  sizeOfText(text: number): number;
  bodyStart(): number;
  bodySize(): number;
  clearBody(): void;
  putLevels(from: number, to: number, withValues: number): void;
  putDictionary(): void;
  putIndexes(from: number, to: number): void;
  putNumbers(from: number, to: number): void;
  putDeltas(from: number, to: number): void;
  putTextLengths(from: number, to: number): void;
  putSharedTexts(from: number, to: number): void;
  sizeOfTexts(from: number, to: number): number;
}

interface Page {
  readonly rows: number;
  /** Where the page's levels and values end, counted from the chunk's start. */
  readonly levelEnd: number;
  readonly valueEnd: number;
}

/** What one column is within one row group. */
export interface Chunk {
  readonly pages: readonly Page[];
  /** Of lists, their elements, and those without any; else rows. */
  readonly levelCount: number;
  /** Those that are not null. */
  readonly valueCount: number;
}

export interface TextChunk extends Chunk {
  /** How many distinct texts. */
  readonly distinct: number;
}

export interface NumberChunk extends Chunk {
  /** Infinite without a value. */
  readonly min: number;
  readonly max: number;
}

/** Words of a page. */
const pageWords = 3;

export class ColumnEncoder {
  readonly #exports: Exports;
  readonly #memory: WasmMemory;
  /** Rows that columns have, at least. */
  #rows = 0;

  constructor() {
    // What `assembly/parquet/index.ts` exports.
    this.#exports = wasmExports('parquet') as Exports;
    this.#memory = new WasmMemory(this.#exports.memory);
  }

  /** @param order row `i` of the file is row `order[i]` of the columns. */
  begin(order: Uint32Array): void {
    const place = this.#exports.roomForOrder(order.length);
    this.#memory.wordsAt(place, order.length).set(order);
    this.#rows = 0;
    for (let row = 0; row < order.length; row++) this.#rows = Math.max(this.#rows, (order[row] as number) + 1);
  }

  /** As the others, whether no row of the column is null. */
  beginTexts({ dictionary, codes }: TextColumn): boolean {
    this.#setCodes(codes.subarray(0, this.#rows));
    this.#setTexts(dictionary);
    return this.#exports.gatherCodes() !== 0;
  }

  beginLists({ dictionary, codes, ends }: TextListColumn): boolean {
    const own = ends.subarray(0, this.#rows);
    this.#setCodes(codes.subarray(0, own.at(-1)));
    const place = this.#exports.roomForEnds(own.byteLength);
    this.#memory.wordsAt(place, own.length).set(own);
    this.#setTexts(dictionary);
    return false;
  }

  beginNumbers({ values }: NumberColumn): boolean {
    const own = values.subarray(0, this.#rows);
    const place = this.#exports.roomForColumn(own.byteLength);
    this.#memory.doublesAt(place, own.length).set(own);
    return this.#exports.gatherNumbers() !== 0;
  }

  #setCodes(codes: Uint32Array): void {
    const place = this.#exports.roomForColumn(codes.byteLength);
    this.#memory.wordsAt(place, codes.length).set(codes);
  }

  #setTexts({ count, bytes, starts }: TextColumn['dictionary']): void {
    const used = starts[count] ?? 0;
    const place = this.#exports.roomForTexts(used);
    this.#memory.bytesAt(place, used).set(bytes.subarray(0, used));
    const placeOfStarts = this.#exports.roomForStarts(count);
    this.#memory.wordsAt(placeOfStarts, count + 1).set(starts.subarray(0, count + 1));
  }

  /** Rows `[from .. to]` of the file, as the others. */
  takeTexts(from: number, to: number): TextChunk {
    this.#exports.takeCodes(from, to);
    return this.#textChunk();
  }

  takeLists(from: number, to: number): TextChunk {
    this.#exports.takeLists(from, to);
    return this.#textChunk();
  }

  takeNumbers(from: number, to: number): NumberChunk {
    this.#exports.takeNumbers(from, to);
    return { ...this.#chunk(), min: this.#exports.least.value, max: this.#exports.greatest.value };
  }

  #textChunk(): TextChunk {
    this.#exports.poolTexts();
    return { ...this.#chunk(), distinct: this.#exports.distinctCount.value };
  }

  #chunk(): Chunk {
    const { pages, pageCount, levelCount, valueCount } = this.#exports;
    const words = this.#memory.wordsAt(pages.value, pageCount.value * pageWords);
    return {
      pages: Array.from({ length: pageCount.value }, (_, page) => {
        const [rows = 0, levelEnd = 0, valueEnd = 0] = words.subarray(page * pageWords);
        return { rows, levelEnd, valueEnd };
      }),
      levelCount: levelCount.value,
      valueCount: valueCount.value,
    };
  }

  /** The least and the greatest text of the chunk by their bytes, which is by their code points; it has one. */
  get textBounds(): { readonly min: Uint8Array; readonly max: Uint8Array } {
    const { leastText, greatestText } = this.#exports;
    return { min: this.#textAt(leastText.value), max: this.#textAt(greatestText.value) };
  }

  /** What texts `[from .. to]` of the chunk's values take together, in bytes, each as often as it is among them. */
  sizeOfTexts(from: number, to: number): number {
    return this.#exports.sizeOfTexts(from, to);
  }

  #textAt(text: number): Uint8Array {
    return this.#memory.bytesAt(this.#exports.startOfText(text), this.#exports.sizeOfText(text));
  }

  /** What was put since it was cleared. */
  get body(): Uint8Array {
    return this.#memory.bytesAt(this.#exports.bodyStart(), this.#exports.bodySize());
  }

  clearBody(): void {
    this.#exports.clearBody();
  }

  /** Puts levels `[from .. to]`, of which so many have values. */
  putLevels(from: number, to: number, withValues: number): void {
    this.#exports.putLevels(from, to, withValues);
  }

  /** Puts all texts of the chunk in PLAIN encoding, as its dictionary. */
  putDictionary(): void {
    this.#exports.putDictionary();
  }

  /** Puts values `[from .. to]`, at least one, by the encoding of that name: RLE_DICTIONARY. */
  putIndexes(from: number, to: number): void {
    this.#exports.putIndexes(from, to);
  }

  /** As `putIndexes`: PLAIN. */
  putNumbers(from: number, to: number): void {
    this.#exports.putNumbers(from, to);
  }

  /** As `putIndexes`: DELTA_BINARY_PACKED. */
  putDeltas(from: number, to: number): void {
    this.#exports.putDeltas(from, to);
  }

  /** As `putIndexes`: DELTA_LENGTH_BYTE_ARRAY. */
  putTextLengths(from: number, to: number): void {
    this.#exports.putTextLengths(from, to);
  }

  /** As `putIndexes`: DELTA_BYTE_ARRAY. */
  putSharedTexts(from: number, to: number): void {
    this.#exports.putSharedTexts(from, to);
  }
}
