/** The keys that records were seen to have, each at its place: records of one writer have the same ones in the same order. */

import { pathSeparator, pathText } from '../../model/overview/recordFields.ts';
import { integerFields, stringFields } from '../../model/record.ts';

/** The texts of a record that have a column of their own, in the order of `KeyNode.field`. */
export const scannedTexts = [
  'event',
  ...stringFields,
  'error_type',
  'error_message',
  'error_stack',
  'build_service',
  'build_version',
  'build_commit',
  'build_repository',
] as const;

export const scannedNumbers = integerFields;

/** What stands under a key: a text or number of that column, the time, an object of such texts, or anything else. */
export type KeyKind = 'text' | 'number' | 'time' | 'parts' | 'rest' | 'odd';

const textKeys: ReadonlyMap<string, number> = new Map(scannedTexts.map((name, at) => [name.replace('_', '.'), at]));
const numberKeys: ReadonlyMap<string, number> = new Map(scannedNumbers.map((name, at) => [name, at]));

/** So many are looked through one by one, which is quicker than making a string of the key to look it up. */
const fewChildren = 40;

export class KeyNode {
  readonly kind: KeyKind;
  /** Which of the texts or numbers it is. */
  readonly field: number;
  /** The key as JSON has it, its quotes included. */
  readonly quoted: Uint8Array;
  /** `path ␟`, as the field tokens of what stands there begin. */
  readonly tokenStart: Uint8Array;
  /** The object that had it last: it must not have it twice. */
  seenIn = 0;
  /** The key that came after this one the last time, in the same object. */
  likelyNext: KeyNode | undefined;
  /** The key that came first within this one's object the last time. */
  likelyFirst: KeyNode | undefined;
  /** Keys from the root, none of the root itself. */
  readonly #path: string | undefined;
  readonly #children: KeyNode[] = [];
  #byKey: Map<string, KeyNode> | undefined;

  private constructor(kind: KeyKind, field: number, key: string, path: string | undefined) {
    this.kind = kind;
    this.field = field;
    this.#path = path;
    this.quoted = encoder.encode(`"${key}"`);
    this.tokenStart = encoder.encode(`${path ?? ''}${pathSeparator}`);
  }

  static root(): KeyNode {
    return new KeyNode('parts', 0, '', undefined);
  }

  /** The key that stands, quoted, at `bytes[start .. end]`; `undefined` when it was not seen here before. */
  child(bytes: Uint8Array, start: number, end: number): KeyNode | undefined {
    if (this.#byKey) return this.#byKey.get(decoder.decode(bytes.subarray(start, end)));
    for (const child of this.#children)
      if (child.quoted.length === end - start && child.isAt(bytes, start)) return child;
    return undefined;
  }

  isAt(bytes: Uint8Array, start: number): boolean {
    const { quoted } = this;
    for (let at = 0; at < quoted.length; at++) if (bytes[start + at] !== quoted[at]) return false;
    return true;
  }

  /** As `child`, for one that is new. It has nothing that is escaped. */
  addChild(bytes: Uint8Array, start: number, end: number): KeyNode {
    const quoted = decoder.decode(bytes.subarray(start, end));
    const key = quoted.slice(1, -1);
    const isTop = this.#path === undefined;
    const path = isTop ? pathText(key) : `${this.#path}.${pathText(key)}`;
    const [kind, field] = this.kind === 'parts' ? meaningOf(path, isTop) : (['rest', 0] as const);
    const node = new KeyNode(isOrdered(key) ? kind : 'odd', field, key, path);
    this.#children.push(node);
    if (this.#children.length > fewChildren) {
      this.#byKey ??= new Map(this.#children.map((each) => [decoder.decode(each.quoted), each]));
      this.#byKey.set(quoted, node);
    }
    return node;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

function meaningOf(path: string, isTop: boolean): readonly [KeyKind, number] {
  if (isTop && path === 'ts') return ['time', 0];
  if (isTop && (path === 'error' || path === 'build')) return ['parts', 0];
  const text = path.includes('.') === isTop ? undefined : textKeys.get(path);
  if (text !== undefined) return ['text', text];
  const number = numberKeys.get(path);
  if (number !== undefined) return ['number', number];
  // What else an error or a build has goes among the rest, under another object.
  return [isTop ? 'rest' : 'odd', 0];
}

/** Whether objects keep it where it was put: numbers go first, and `__proto__` is not like others. */
function isOrdered(key: string): boolean {
  return key !== '__proto__' && !/^\d/.test(key);
}
