/** Single rows of Parquet files, of our own making and of the embedded engine's. */

import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sqlText } from '../../src/index/sqlText.ts';
import { ParquetLayouts, type RowRange, readParquetRows } from '../../src/index/parquet/readParquetRows.ts';
import { ParquetError } from '../../src/index/parquet/parquetError.ts';
import { writeParquet } from '../../src/index/parquet/writeParquet.ts';
import {
  columnOf,
  columnRecipes,
  inOrder,
  type MeantColumn,
  meantColumns,
  meantRows,
  parquetFixture,
} from './parquetFixture.ts';

async function write(file: string, columns: readonly MeantColumn[], rowGroupRows: number): Promise<void> {
  const order = inOrder(columns[0]?.rows.length ?? 0);
  const made = columns.map((column) => columnOf(column));
  await writeParquet(file, made, order, { rowGroupRows });
}

function expected(columns: readonly MeantColumn[], ranges: readonly RowRange[]): object[] {
  return meantRows(
    columns,
    ranges.flatMap(({ start, end }) =>
      inOrder(columns[0]?.rows.length ?? 0)
        .subarray(start, end)
        .values()
        .toArray(),
    ),
    (value) => value,
  );
}

function rangesIn(rows: number): fc.Arbitrary<readonly RowRange[]> {
  const range = fc
    .record({ start: fc.integer({ min: 0, max: rows }), length: fc.integer({ min: 0, max: 30 }) })
    .map(({ start, length }) => ({ start, end: start + length }));
  return fc.array(range, { maxLength: 5 });
}

test('reads any rows of a file, of any of its columns', async () => {
  await using fixture = await parquetFixture();
  const { file, database } = fixture;
  const cases = fc.constantFrom(0, 1, 100, 10_239, 10_240, 10_241, 25_000).chain((rows) =>
    fc.record({
      recipe: columnRecipes(rows),
      ranges: rangesIn(rows),
      rowGroupRows: fc.constantFrom(500, 10_240, 30_720),
      names: fc.subarray(['text', 'distinct', 'lists', 'integer', 'time'], { minLength: 1 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ recipe, ranges, rowGroupRows, names }) => {
      const columns = meantColumns(recipe);
      await write(file, columns, rowGroupRows);
      const wanted = columns.filter(({ name }) => names.includes(name));
      assert.deepEqual(await readParquetRows(file, { columns: names, ranges }), expected(wanted, ranges));
      const copy = `${file}.copy`;
      await database.query(
        `COPY (SELECT * EXCLUDE file_row_number FROM read_parquet(${sqlText(file)}, file_row_number = true)
           ORDER BY file_row_number)
         TO ${sqlText(copy)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)`,
      );
      assert.deepEqual(await readParquetRows(copy, { columns: names, ranges }), expected(wanted, ranges));
    }),
    { numRuns: 30 },
  );
});

const numbered: readonly MeantColumn[] = [
  { kind: 'integer', name: 'integer', rows: Array.from({ length: 40_000 }, (_, row) => row) },
  { kind: 'text', name: 'text', rows: Array.from({ length: 40_000 }, (_, row) => `text ${row * 7919}`) },
];
const names = ['integer', 'text'];

test('reads only the pages that hold the rows', async () => {
  await using fixture = await parquetFixture();
  const { file } = fixture;
  await write(file, numbered, 30_720);
  const bytes = await readFile(file);
  const [first] = await fixture.database.query(
    `SELECT data_page_offset::INTEGER AS offset FROM parquet_metadata(${sqlText(file)}) WHERE path_in_schema = 'text'`,
  );
  const offset = Number(first?.['offset']);
  // Behind the page's header, which leads to the next.
  bytes.fill(0xff, offset + 40, offset + 200);
  await writeFile(file, bytes);
  const ranges = [{ start: 29_000, end: 29_003 }];
  assert.deepEqual(await readParquetRows(file, { columns: names, ranges }), expected(numbered, ranges));
  await assert.rejects(readParquetRows(file, { columns: names, ranges: [{ start: 0, end: 3 }] }), ParquetError);
});

test('says of a file that is cut off, damaged or none that it cannot be read', async () => {
  await using fixture = await parquetFixture();
  const { file } = fixture;
  await write(file, numbered, 30_720);
  const whole = await readFile(file);
  const ranges = [{ start: 0, end: 40_000 }];
  const damaged = [whole.subarray(0, 0), whole.subarray(0, 7), whole.subarray(0, -1), whole.subarray(1000)];
  for (const bytes of damaged) {
    await writeFile(file, bytes);
    await assert.rejects(readParquetRows(file, { columns: names, ranges }), ParquetError);
  }
  await writeFile(file, whole);
  await assert.rejects(readParquetRows(file, { columns: ['other'], ranges }), ParquetError);
  await assert.rejects(readParquetRows(`${file}.missing`, { columns: names, ranges }), { code: 'ENOENT' });
});

test('whatever bytes are changed, there are rows or an error that says so', async () => {
  await using fixture = await parquetFixture();
  const { file } = fixture;
  const recipe = fc.record({
    recipe: columnRecipes(700),
    changes: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) }), {
      minLength: 1,
      maxLength: 4,
    }),
  });
  await fc.assert(
    fc.asyncProperty(recipe, async ({ recipe, changes }) => {
      const columns = meantColumns(recipe);
      await write(file, columns, 300);
      const bytes = await readFile(file);
      for (const { at, byte } of changes) bytes[Math.floor(at * (bytes.length - 1))] = byte;
      await writeFile(file, bytes);
      const names = columns.map(({ name }) => name);
      try {
        const rows = await readParquetRows(file, { columns: names, ranges: [{ start: 250, end: 650 }] });
        assert.ok(rows.length <= 400);
      } catch (error) {
        assert.ok(error instanceof ParquetError, String(error));
      }
    }),
    { numRuns: 200 },
  );
});

test('what was kept of a file is not taken for one put in its place', async () => {
  await using fixture = await parquetFixture();
  const { file } = fixture;
  const layouts = new ParquetLayouts(2);
  const ranges = [{ start: 4, end: 6 }];
  await write(file, numbered, 30_720);
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(await readParquetRows(file, { columns: names, ranges, layouts }), expected(numbered, ranges));
  }
  const fewer = numbered.map((column) => ({ ...column, rows: column.rows.slice(3) }) as MeantColumn);
  await write(file, fewer, 30_720);
  assert.deepEqual(await readParquetRows(file, { columns: names, ranges, layouts }), expected(fewer, ranges));
});

test('stops with the reason of its signal', async () => {
  await using fixture = await parquetFixture();
  const { file } = fixture;
  await write(file, numbered, 30_720);
  const reason = new Error('enough');
  const wanted = { columns: names, ranges: [{ start: 0, end: 3 }] };
  await assert.rejects(readParquetRows(file, wanted, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const reading = readParquetRows(file, wanted, controller.signal);
  controller.abort(reason);
  await assert.rejects(reading, reason);
  assert.equal((await stat(file)).isFile(), true);
});
