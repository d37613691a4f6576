/**
 * Failure groups of errors whose stacks differ in nothing but where the frames stand in their files: what was found out of one need not be
 * found out of the others, which takes twenty times as long as looking it up. Workers fail in the same ways again and again.
 */

import type { ErrorInfo } from '../../model/record.ts';
import { type NamedFailure, nameFailure } from '../../stacktrace/failureGroup.ts';
import { ByteWriter } from '../parquet/encode/byteWriter.ts';
import { heldBytesOf, textAt } from '../texts.ts';
import type { DraftTexts } from './draftColumns.ts';
import { TextDictionary } from './textDictionary.ts';

const parts = ['type', 'message', 'stack'] as const;

/** The columns of a draft's errors. */
export type ErrorColumns = Readonly<Record<(typeof parts)[number], DraftTexts>>;

/** What is kept must not grow with what a hostile log has for a stack. */
const maxErrorBytes = 1 << 16;
const maxHeldBytes = 1 << 22;
const maxPlaceDigits = 6;

const [lineFeed, blank, tab] = [0x0a, 0x20, 0x09];
const [closeParenthesis, colon, zero] = [0x29, 0x3a, 0x30];
const at = [0x61, 0x74, blank] as const;
/** No byte of UTF-8: what stands for a number, for the end of a part and for one that is not there is in no text. */
const [place, endOfPart, noPart] = [0xff, 0xfe, 0xfd];

export class KnownGroups {
  readonly #nameFailure: (error: ErrorInfo) => NamedFailure | undefined;
  /** Errors without the places of their frames. */
  readonly #keys = new TextDictionary();
  /** By code of the key; '' where the group is to be found out each time. */
  #groups: string[] = [];
  readonly #key = new ByteWriter(1024);

  constructor(named: typeof nameFailure = nameFailure) {
    this.#nameFailure = named;
  }

  /** As `failureGroup` of the row's error; `undefined` when it has none. */
  groupOf(columns: ErrorColumns, row: number): string | undefined {
    const key = this.#key;
    key.clear();
    let bytes = 0;
    for (const part of parts) bytes += byteLengthOf(columns[part], row);
    if (bytes === 0 || bytes > maxErrorBytes) return this.#nameFailure(errorOf(columns, row))?.group;
    let hasPlaces = false;
    for (const part of parts) hasPlaces = addPart(key, columns[part], row) || hasPlaces;
    if (heldBytesOf(this.#keys) > maxHeldBytes) {
      this.#keys.clear();
      this.#groups = [];
    }
    const code = this.#keys.codeOfBytes(key.buffer, 0, key.length);
    const known = this.#groups[code];
    if (known !== undefined && known !== '') return known;
    const named = this.#nameFailure(errorOf(columns, row));
    // Of a message it may matter how long it is.
    this.#groups[code] = named && (named.isOfFrames || !hasPlaces) ? named.group : '';
    return named?.group;
  }
}

function byteLengthOf({ codes, dictionary: { starts } }: DraftTexts, row: number): number {
  const code = codes[row] as number;
  return code === 0 ? 0 : (starts[code] as number) - (starts[code - 1] as number);
}

/** @returns whether it has places, which were left out. */
function addPart(key: ByteWriter, { codes, dictionary }: DraftTexts, row: number): boolean {
  const code = codes[row] as number;
  if (code === 0) {
    key.byte(noPart);
    return false;
  }
  const { bytes, starts } = dictionary;
  const length = key.length;
  const end = starts[code] as number;
  addWithoutPlaces(key, bytes, starts[code - 1] as number, end);
  const hasPlaces = key.length - length < end - (starts[code - 1] as number);
  key.byte(endOfPart);
  return hasPlaces;
}

/** Line by line: a frame that ends as those of V8 and the JVM do is copied without its numbers. */
function addWithoutPlaces(key: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  for (let from = start; from < end; ) {
    let lineEnd = from;
    while (lineEnd < end && bytes[lineEnd] !== lineFeed) lineEnd++;
    const next = Math.min(lineEnd + 1, end);
    addLine(key, bytes, from, lineEnd, next);
    from = next;
  }
}

/** @param next behind the line's end, which is copied too. */
function addLine(key: ByteWriter, bytes: Uint8Array, start: number, end: number, next: number): void {
  let cut = end - 1;
  let numbers = 0;
  if (bytes[cut] === closeParenthesis && isFrame(bytes, start)) {
    for (; numbers < 2; numbers++) {
      const before = beforePlace(bytes, cut, start);
      if (before < 0) break;
      cut = before;
    }
  }
  // `x:1:2:3` may be anything.
  if (numbers === 0 || !isLetter(bytes[cut - 1])) {
    key.copy(bytes, start, next);
    return;
  }
  key.copy(bytes, start, cut);
  for (let number = 0; number < numbers; number++) key.byte(place);
  key.copy(bytes, end - 1, next);
}

/** Whether `at ` is the first word of the line. */
function isFrame(bytes: Uint8Array, start: number): boolean {
  let from = start;
  while (bytes[from] === blank || bytes[from] === tab) from++;
  return from > start && bytes[from] === at[0] && bytes[from + 1] === at[1] && bytes[from + 2] === at[2];
}

/** Where `:12` starts that ends before `end`; -1 where none does. */
function beforePlace(bytes: Uint8Array, end: number, start: number): number {
  let from = end;
  while (from > start && isDigit(bytes[from - 1])) from--;
  const digits = end - from;
  // Lines count from 1: some readers take 0 for no line.
  const isPlace = digits > 0 && digits <= maxPlaceDigits && bytes[from] !== zero && bytes[from - 1] === colon;
  return isPlace ? from - 1 : -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isLetter(byte: number | undefined): boolean {
  const lower = (byte ?? 0) | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function errorOf(columns: ErrorColumns, row: number): ErrorInfo {
  const error: { -readonly [Part in keyof ErrorInfo]: ErrorInfo[Part] } = {};
  for (const part of parts) {
    const { codes, dictionary } = columns[part];
    const code = codes[row] as number;
    if (code > 0) error[part] = textAt(dictionary, code - 1);
  }
  return error;
}
