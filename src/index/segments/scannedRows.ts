/** Reads lines of log objects straight into rows of a draft, as far as the scanner takes them. */

import type { QuickReader } from '../../logs/logLines.ts';
import { scannedNumbers, scannedTexts } from '../scanner/scannedKeys.ts';
import type { DraftNumbers, DraftTexts } from './draftColumns.ts';
import { KnownGroups } from './knownGroups.ts';
import type { SegmentDraft } from './segmentDraft.ts';

/** Views of no more take longer to make than a loop takes to copy these. */
const fewRows = 32;

/** For one log object after the other; what was seen of one helps with the next. */
export class ScannedRows implements QuickReader {
  readonly #draft: SegmentDraft;
  /** In the order of what is scanned. */
  readonly #texts: readonly DraftTexts[];
  readonly #numbers: readonly DraftNumbers[];
  readonly #groups = new KnownGroups();
  #object = '';
  #version = '';
  /** Rows that were added since `begin`. */
  records = 0;

  /** @param draft that the rows are added to. */
  constructor(draft: SegmentDraft) {
    this.#draft = draft;
    draft.scanner.forgetKeys();
    this.#texts = scannedTexts.map((name) => draft.texts[name]);
    this.#numbers = scannedNumbers.map((name) => draft.numbers[name]);
  }

  /** @param object key, and `version` of the log object that the next rows are of. */
  begin(object: string, version: string): void {
    this.#object = object;
    this.#version = version;
    this.records = 0;
  }

  load(lines: Uint8Array): void {
    this.#draft.scanner.load(lines);
  }

  read(start: number, offsetBytes: number): number {
    const { scanner } = this.#draft;
    let at = start;
    for (;;) {
      at = scanner.scan(at, offsetBytes + at - start);
      const { rows } = scanner;
      if (rows > 0) this.#add(rows);
      if (rows < scanner.maxRows) return at;
    }
  }

  #add(rows: number): void {
    const { scanner, texts, numbers, fields } = this.#draft;
    const first = this.#draft.addRows(rows);
    numbers.ts.values.set(scanner.times, first);
    numbers.offset_bytes.values.set(scanner.offsets, first);
    const { numbers: scanned, codes, maxRows, restField } = scanner;
    for (const [field, { values }] of this.#numbers.entries()) {
      copyRows(values, first, scanned.array, scanned.place + field * maxRows, rows);
    }
    for (const [field, text] of this.#texts.entries()) {
      copyRows(text.codes, first, codes.array, codes.place + field * maxRows, rows);
    }
    copyRows(texts.rest.codes, first, codes.array, codes.place + restField * maxRows, rows);
    fields.add(first, scanner.tokenCodes, scanner.tokenEnds);
    const end = first + rows;
    texts.object.codes.fill(texts.object.dictionary.codeOf(this.#object), first, end);
    texts.object_version.codes.fill(texts.object_version.dictionary.codeOf(this.#version), first, end);
    for (let row = first; row < end; row++) this.#addGroup(row);
    this.records += rows;
  }

  #addGroup(row: number): void {
    const { error_type: type, error_message: message, error_stack: stack, failure_group } = this.#draft.texts;
    if (type.codes[row] === 0 && message.codes[row] === 0 && stack.codes[row] === 0) return;
    failure_group.set(row, this.#groups.groupOf({ type, message, stack }, row));
  }
}

/** There are few at a time where the scanner leaves many lines. */
function copyRows<Values extends Uint32Array | Float64Array>(
  to: Values,
  at: number,
  from: Values,
  start: number,
  rows: number,
): void {
  if (rows > fewRows) return to.set(from.subarray(start, start + rows), at);
  for (let row = 0; row < rows; row++) to[at + row] = from[start + row] as number;
}
