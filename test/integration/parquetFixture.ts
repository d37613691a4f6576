/** Rows for Parquet files, as columns and as what a reader should tell of them. */

import { join } from 'node:path';
import * as fc from 'fast-check';
import { Database } from '../../src/index/database.ts';
import type { ParquetColumn } from '../../src/index/parquet/parquetColumns.ts';
import { dictionaryOf } from '../../src/index/segments/textDictionary.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';

/** A file to write, and an engine that may read it. */
export interface ParquetFixture {
  readonly file: string;
  readonly database: Database;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function parquetFixture(): Promise<ParquetFixture> {
  const folder = await temporaryFolder('parquet');
  const database = await Database.open({
    memoryLimitMb: 256,
    temporaryDirectory: join(folder.path, 'temporary'),
    directories: [folder.path],
  });
  return {
    file: join(folder.path, 'rows.parquet'),
    database,
    async [Symbol.asyncDispose]() {
      database.close();
      await folder.remove();
    },
  };
}

/** A column's rows as they are meant. Times and integers are whole; lists are not empty. */
export type MeantColumn =
  | { readonly kind: 'text'; readonly name: string; readonly rows: readonly (string | null)[] }
  | { readonly kind: 'texts'; readonly name: string; readonly rows: readonly (readonly string[] | null)[] }
  | { readonly kind: 'integer'; readonly name: string; readonly rows: readonly (number | null)[] }
  | { readonly kind: 'time'; readonly name: string; readonly rows: readonly number[] };

type MeantValue = MeantColumn['rows'][number];

/** @param spare elements at the end of each array that are none of the rows. */
export function columnOf(column: MeantColumn, spare = 0): ParquetColumn {
  const { kind, name, rows } = column;
  switch (kind) {
    case 'text': {
      // An entry that no row uses, in front.
      const dictionary = dictionaryOf(['unused by any row']);
      const codes = rows.map((text) => (text === null ? 0 : dictionary.codeOf(text)));
      return { kind, name, dictionary, codes: padded(codes, spare) };
    }
    case 'texts': {
      const dictionary = dictionaryOf(['unused by any row']);
      const codes: number[] = [];
      const ends = rows.map(
        (texts) => codes.push(...(texts ?? []).map((text) => dictionary.codeOf(text))) && codes.length,
      );
      return { kind, name, dictionary, codes: padded(codes, spare), ends: padded(ends, spare) };
    }
    default: {
      const values = new Float64Array(rows.length + spare).fill(4711);
      rows.forEach((value, row) => (values[row] = value ?? Number.NaN));
      return { kind, name, values };
    }
  }
}

function padded(values: readonly number[], spare: number): Uint32Array {
  const array = new Uint32Array(values.length + spare).fill(1);
  array.set(values);
  return array;
}

export function inOrder(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row);
}

/** The rows as objects, as a reader that shows values so should tell of them. */
export function meantRows(
  columns: readonly MeantColumn[],
  rows: Iterable<number>,
  show: (value: MeantValue, kind: MeantColumn['kind']) => unknown,
): object[] {
  return [...rows].map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, show(stored(column.rows[row] ?? null), column.kind)])),
  );
}

/** What UTF-8 makes of a value: half of a surrogate pair becomes U+FFFD. */
function stored(value: MeantValue): MeantValue {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'object' && value !== null ? value.map((text) => text.toWellFormed()) : value;
}

const texts = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'ab',
    'é',
    '\u{1F600}',
    '\uD83D',
    '\uDE00',
    '\uFFFF',
    'z'.repeat(300),
    '\u{10FFFF}'.repeat(50),
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 40 }),
);
const integers = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** 32, -(2 ** 32), 2 ** 31, 2 ** 51),
);
const times = fc.oneof(
  fc.integer({ min: 1_790_000_000_000, max: 1_790_000_100_000 }),
  fc.constantFrom(8.64e15, -8.64e15, 0, -1),
);

/** Rows in runs, of a few values or of many, which decides between encodings. Told as a recipe, for rows are too many to print. */
interface RowRecipe<Value> {
  readonly rows: number;
  readonly pool: readonly Value[];
  readonly longestRun: number;
  readonly seed: number;
}

function recipeOf<Value>(value: fc.Arbitrary<Value>, rows: number): fc.Arbitrary<RowRecipe<Value>> {
  return fc.record({
    rows: fc.constant(rows),
    pool: fc.array(value, { minLength: 1, maxLength: 60 }),
    longestRun: fc.constantFrom(1, 2, 7, 9, 40, 3000),
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
  });
}

function rowsOf<Value>({ rows, pool, longestRun, seed }: RowRecipe<Value>): readonly Value[] {
  const next = randomly(seed);
  const found: Value[] = [];
  while (found.length < rows) {
    const picked = pool[next(pool.length)] as Value;
    const run = 1 + next(longestRun);
    for (let index = 0; index < run && found.length < rows; index++) found.push(picked);
  }
  return found;
}

function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface ColumnRecipes {
  readonly text: RowRecipe<string | null>;
  readonly distinct: RowRecipe<string>;
  readonly lists: RowRecipe<readonly string[] | null>;
  readonly integer: RowRecipe<number | null>;
  readonly time: RowRecipe<number>;
}

/** For columns of all kinds, of so many rows. */
export function columnRecipes(rows: number): fc.Arbitrary<ColumnRecipes> {
  const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 4 });
  return fc.record({
    text: recipeOf(optional(texts), rows),
    distinct: recipeOf(texts, rows),
    lists: recipeOf(optional(fc.array(texts, { minLength: 1, maxLength: 20 })), rows),
    integer: recipeOf(optional(integers), rows),
    time: recipeOf(times, rows),
  });
}

export function meantColumns({ text, distinct, lists, integer, time }: ColumnRecipes): readonly MeantColumn[] {
  return [
    { kind: 'text', name: 'text', rows: rowsOf(text) },
    { kind: 'text', name: 'distinct', rows: rowsOf(distinct).map((value, row) => `${value}${row}`) },
    { kind: 'texts', name: 'lists', rows: rowsOf(lists) },
    { kind: 'integer', name: 'integer', rows: rowsOf(integer) },
    { kind: 'time', name: 'time', rows: rowsOf(time) },
  ];
}
