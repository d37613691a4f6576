/** What the keys of records mean: which of them have a column of their own. */

import { pathSeparator, pathText } from '../../model/overview/recordFields.ts';
import { integerFields, stringFields } from '../../model/record.ts';

/** The texts of a record that have a column of their own, in the order in which the scanner numbers them: the event is the first. */
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

/** What stands under a key: a text or number of that column, the time, an object of such texts, or anything else. As the scanner numbers them. */
const kinds = ['text', 'number', 'time', 'parts', 'rest', 'odd'] as const;
type KeyKind = (typeof kinds)[number];

const textKeys: ReadonlyMap<string, number> = new Map(scannedTexts.map((name, at) => [name.replace('_', '.'), at]));
const numberKeys: ReadonlyMap<string, number> = new Map(scannedNumbers.map((name, at) => [name, at]));

export interface DescribedKey {
  /** Place among the kinds. */
  readonly kind: number;
  /** Which of the texts or numbers it is. */
  readonly field: number;
  /** `path ␟`, as the field tokens of what stands there begin. */
  readonly tokenStart: string;
}

interface KnownKey {
  readonly kind: KeyKind;
  /** Keys from the root, none of the root itself. */
  readonly path: string | undefined;
}

/** The keys that a scanner has met, by the numbers that it gives them. */
export class ScannedKeys {
  readonly #known: KnownKey[] = [{ kind: 'parts', path: undefined }];

  /** A key within another; it has the next number. It has nothing that is escaped. */
  add(parent: number, key: string): DescribedKey {
    const within = this.#known[parent];
    if (!within) throw new RangeError(`no key has the number ${parent}`);
    const isTop = within.path === undefined;
    const path = isTop ? pathText(key) : `${within.path}.${pathText(key)}`;
    const [meant, field] = within.kind === 'parts' ? meaningOf(path, isTop) : (['rest', 0] as const);
    const kind = isOrdered(key) ? meant : 'odd';
    this.#known.push({ kind, path });
    return { kind: kinds.indexOf(kind), field, tokenStart: `${path}${pathSeparator}` };
  }
}

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
