/** Reads lines of log objects straight into rows of a draft, as far as the scanner takes them. */

import type { QuickReader } from '../../logs/logLines.ts';
import type { DraftNumbers, DraftTexts } from './draftColumns.ts';
import { scannedNumbers, scannedTexts } from './keyTree.ts';
import { KnownGroups } from './knownGroups.ts';
import { RecordScanner, type ScannedNumber, type ScannedText } from './recordScanner.ts';
import type { SegmentDraft } from './segmentDraft.ts';

const closeBrace = 0x7d;

/** A draft, with the columns of what is scanned in their order: finding each by its name anew would take as long as filling it. */
interface Target {
  readonly draft: SegmentDraft;
  readonly texts: readonly DraftTexts[];
  readonly numbers: readonly DraftNumbers[];
}

/** For one log object after the other; what was seen of one helps with the next. */
export class ScannedRows implements QuickReader {
  readonly #scanner = new RecordScanner();
  readonly #target: Target;
  readonly #groups = new KnownGroups();
  #object = '';
  #version = '';
  /** The codes of these in the draft, once there is a row of them. */
  #objectCode = 0;
  #versionCode = 0;
  /** Rows that were added since `begin`. */
  records = 0;

  /** @param draft that the rows are added to. */
  constructor(draft: SegmentDraft) {
    this.#target = targetIn(draft);
  }

  /** @param object key, and `version` of the log object that the next rows are of. */
  begin(object: string, version: string): void {
    this.#object = object;
    this.#version = version;
    [this.#objectCode, this.#versionCode] = [0, 0];
    this.records = 0;
  }

  /** After the draft was cleared. */
  goOn(): void {
    [this.#objectCode, this.#versionCode] = [0, 0];
  }

  read(bytes: Uint8Array, start: number, offsetBytes: number): number {
    const end = this.#scanner.scan(bytes, start);
    const next = end < 0 ? -1 : pastLineEnd(bytes, end);
    if (next < 0) return -1;
    this.#add(offsetBytes);
    this.records += 1;
    return next;
  }

  #add(offsetBytes: number): void {
    const { draft, texts, numbers } = this.#target;
    const scanner = this.#scanner;
    const { record, rest } = scanner;
    const row = draft.addRow();
    draft.numbers.ts.values[row] = scanner.tsMs;
    draft.numbers.offset_bytes.values[row] = offsetBytes;
    for (let field = 0; field < numbers.length; field++) {
      const number = scanner.numbers[field] as ScannedNumber;
      if (number.record === record) (numbers[field] as DraftNumbers).values[row] = number.value;
    }
    for (let field = 0; field < texts.length; field++) {
      const text = scanner.texts[field] as ScannedText;
      if (text.record !== record) continue;
      const { codes, dictionary } = texts[field] as DraftTexts;
      codes[row] = dictionary.codeOfBytes(text.bytes, text.start, text.end, text.hash);
    }
    const { event, object, object_version } = draft.texts;
    if (event.codes[row] === 0) event.set(row, 'log');
    this.#addGroup(draft, row);
    if (rest.length > 0) {
      rest.byte(closeBrace);
      draft.texts.rest.codes[row] = draft.texts.rest.dictionary.codeOfBytes(rest.buffer, 0, rest.length);
    }
    if (this.#objectCode === 0) {
      this.#objectCode = object.dictionary.codeOf(this.#object);
      this.#versionCode = object_version.dictionary.codeOf(this.#version);
    }
    object.codes[row] = this.#objectCode;
    object_version.codes[row] = this.#versionCode;
    scanner.tokens.addTo(draft.fields, row);
  }

  #addGroup({ texts }: SegmentDraft, row: number): void {
    const { error_type: type, error_message: message, error_stack: stack } = texts;
    if (type.codes[row] === 0 && message.codes[row] === 0 && stack.codes[row] === 0) return;
    texts.failure_group.set(row, this.#groups.groupOf({ type, message, stack }, row));
  }
}

function targetIn(draft: SegmentDraft): Target {
  return {
    draft,
    texts: scannedTexts.map((name) => draft.texts[name]),
    numbers: scannedNumbers.map((name) => draft.numbers[name]),
  };
}

/** Behind the line feed that follows; -1 where anything else does. */
function pastLineEnd(bytes: Uint8Array, end: number): number {
  let at = end;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d) at++;
  return bytes[at] === 0x0a ? at + 1 : -1;
}
