/** Parquet files of our own making, read by others: the embedded engine and a reader of another make. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { ColumnEncoder } from '../../src/index/parquet/encode/columnEncoder.ts';
import { sqlText } from '../../src/index/sqlText.ts';
import { dictionaryOf } from '../../src/index/segments/textDictionary.ts';
import { writeParquet } from '../../src/index/parquet/writeParquet.ts';
import {
  columnOf,
  columnRecipes,
  inOrder,
  type MeantColumn,
  meantColumns,
  meantRows,
  type ParquetFixture,
  parquetFixture,
} from './parquetFixture.ts';

/** Integers and times as text, which holds them all exactly. */
async function readWithEngine({ database, file }: ParquetFixture, columns: readonly MeantColumn[]) {
  const list = columns.map(({ kind, name }) => {
    if (kind === 'time') return `epoch_ms("${name}")::VARCHAR AS "${name}"`;
    return kind === 'integer' ? `"${name}"::VARCHAR AS "${name}"` : `"${name}"`;
  });
  return await database.query(
    `SELECT ${list.join(', ')} FROM read_parquet(${sqlText(file)}, file_row_number = true) ORDER BY file_row_number`,
  );
}

async function readWithLibrary(file: string): Promise<Record<string, unknown>[]> {
  const bytes = await readFile(file);
  return await parquetReadObjects({
    file: {
      byteLength: bytes.length,
      slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
    },
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    parsers: { timestampFromMilliseconds: (millis: bigint) => millis },
  });
}

const isNumber = (kind: MeantColumn['kind']) => kind === 'integer' || kind === 'time';

async function assertRoundTrip(fixture: ParquetFixture, columns: readonly MeantColumn[], order: Uint32Array) {
  const engine = await readWithEngine(fixture, columns);
  assert.deepEqual(
    engine.map((row) => ({ ...row, lists: (row['lists'] as { items?: unknown } | null)?.items ?? row['lists'] })),
    meantRows(columns, order, (value, kind) => (isNumber(kind) && value !== null ? String(value) : value)),
  );
  const library = await readWithLibrary(fixture.file);
  assert.deepEqual(
    library.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]))),
    meantRows(columns, order, (value, kind) => (isNumber(kind) && value !== null ? BigInt(value as number) : value)),
  );
}

test('reads back what was written, whatever the rows', async () => {
  await using fixture = await parquetFixture();
  const rows = fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.constantFrom(31, 32, 33, 127, 128, 129, 130, 2500, 10_239, 10_240, 10_241),
  );
  const cases = rows.chain((count) =>
    fc.record({
      recipe: columnRecipes(count),
      reversed: fc.boolean(),
      rowGroupRows: fc.constantFrom(7, 1000, 2048, 2049, 30_720),
    }),
  );
  let files = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ recipe, reversed, rowGroupRows }) => {
      // The engine takes a file of the same name, size and second for the one that it has read already.
      const own = { ...fixture, file: `${fixture.file}-${++files}` };
      const columns = meantColumns(recipe);
      const order = inOrder(columns[0]?.rows.length ?? 0);
      if (reversed) order.reverse();
      const written = await writeParquet(
        own.file,
        columns.map((column) => columnOf(column, 3)),
        order,
        { rowGroupRows },
      );
      const bytes = await readFile(own.file);
      assert.deepEqual(written, { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
      await assertRoundTrip(own, columns, order);
    }),
    { numRuns: 30 },
  );
});

const counted: readonly MeantColumn[] = [
  { kind: 'integer', name: 'integer', rows: Array.from({ length: 5000 }, (_, row) => row - 2500) },
  { kind: 'text', name: 'text', rows: Array.from({ length: 5000 }, (_, row) => (row < 1000 ? null : `é${row}`)) },
  { kind: 'time', name: 'time', rows: Array.from({ length: 5000 }, (_, row) => 1_790_000_000_000 + row) },
];

async function writeCounted(file: string, options: { metadata?: Record<string, string>; signal?: AbortSignal } = {}) {
  const columns = counted.map((column) => columnOf(column));
  return await writeParquet(file, columns, inOrder(5000), { rowGroupRows: 1000, ...options });
}

test('tells of each row group what lets a reader leave it alone', async () => {
  await using fixture = await parquetFixture();
  await writeCounted(fixture.file, { metadata: { key: 'välue' } });
  const { database, file } = fixture;
  const groups = await database.query(
    `SELECT path_in_schema AS name, stats_min_value AS min, stats_max_value AS max, stats_null_count::INTEGER AS nulls,
       min_is_exact AS exact
     FROM parquet_metadata(${sqlText(file)}) WHERE row_group_id IN (0, 4) AND path_in_schema <> 'time' ORDER BY row_group_id, name`,
  );
  assert.deepEqual(groups, [
    { name: 'integer', min: '-2500', max: '-1501', nulls: 0, exact: true },
    { name: 'text', min: null, max: null, nulls: 1000, exact: null },
    { name: 'integer', min: '1500', max: '2499', nulls: 0, exact: true },
    { name: 'text', min: 'é4000', max: 'é4999', nulls: 0, exact: true },
  ]);
  for (const [where, rows] of [
    ['integer = 1600', 1],
    ["text = 'é4100'", 1],
    ['time >= make_timestamptz(1790000004000000)', 1000],
    ['integer > 2499', 0],
    ['text IS NULL', 1000],
  ] as const) {
    const answer = await database.query(`SELECT count(*)::INTEGER AS n FROM ${sqlText(file)} WHERE ${where}`);
    assert.deepEqual(answer, [{ n: rows }], where);
  }
  const metadata = await database.query(
    `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${sqlText(file)})`,
  );
  assert.deepEqual(metadata, [{ key: 'key', value: 'välue' }]);
});

test('has the types of an index', async () => {
  await using fixture = await parquetFixture();
  const { database, file } = fixture;
  const columns = [...counted, { kind: 'texts', name: 'lists', rows: [['a']] } as const].map((column) =>
    columnOf(column),
  );
  await writeParquet(file, columns, inOrder(1), { rowGroupRows: 1000 });
  const types = await database.query(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE FROM ${sqlText(file)})`,
  );
  assert.deepEqual(types, [
    { name: 'integer', type: 'BIGINT' },
    { name: 'text', type: 'VARCHAR' },
    { name: 'time', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'lists', type: 'VARCHAR[]' },
  ]);
});

test('orders texts by their bytes, where JavaScript would not', async () => {
  await using fixture = await parquetFixture();
  const column = columnOf({ kind: 'text', name: 'text', rows: ['\u{10000}', '\uFFFF', '\uD83D'] });
  await writeParquet(fixture.file, [column], inOrder(3), { rowGroupRows: 10 });
  const bounds = `SELECT stats_min_value AS min, stats_max_value AS max FROM parquet_metadata(${sqlText(fixture.file)})`;
  assert.deepEqual(await fixture.database.query(bounds), [{ min: '\uFFFD', max: '\u{10000}' }]);
});

test('files with and without nulls are read as one table', async () => {
  await using fixture = await parquetFixture();
  const { database, file } = fixture;
  const other = `${file}.other`;
  await writeCounted(file);
  const rows = [null, 'a', null];
  await writeParquet(other, [columnOf({ kind: 'text', name: 'text', rows })], inOrder(3), { rowGroupRows: 10 });
  for (const files of [
    [file, other],
    [other, file],
  ]) {
    const from = `read_parquet([${files.map(sqlText).join(', ')}], union_by_name = true)`;
    const counts = await database.query(
      `SELECT count(*)::INTEGER AS n, count(text)::INTEGER AS text, count(integer)::INTEGER AS integer FROM ${from}`,
    );
    assert.deepEqual(counts, [{ n: 5003, text: 4001, integer: 5000 }]);
  }
});

test('a large text that many rows have is written but once, among however many others', async () => {
  await using fixture = await parquetFixture();
  // Together they would be more than 4 GiB, which is as far as the encoder's addresses go.
  const [large, others] = ['x'.repeat(2 ** 21), Array.from({ length: 2200 }, (_, at) => `text ${at}`)];
  const dictionary = dictionaryOf([large, ...others]);
  const codes = Uint32Array.from(others.flatMap((_, at) => [1, at + 2]));
  const { sizeBytes } = await writeParquet(
    fixture.file,
    [{ kind: 'text', name: 'text', dictionary, codes }],
    inOrder(codes.length),
    { rowGroupRows: 30_720 },
  );
  assert.ok(sizeBytes < large.length);
  const found = await fixture.database.query(
    `SELECT count(*)::INTEGER AS rows, sum(strlen(text))::VARCHAR AS bytes FROM read_parquet(${sqlText(fixture.file)})`,
  );
  const bytes = others.reduce((sum, text) => sum + large.length + text.length, 0);
  assert.deepEqual(found, [{ rows: codes.length, bytes: String(bytes) }]);
});

test('an encoder that was refused memory writes the next file as ever', async () => {
  await using fixture = await parquetFixture();
  const encoder = new ColumnEncoder();
  const columns: readonly MeantColumn[] = [
    { kind: 'text', name: 'text', rows: Array.from({ length: 500 }, (_, row) => `text ${row}`) },
    { kind: 'texts', name: 'lists', rows: Array.from({ length: 500 }, (_, row) => [`a${row}`, `b${row % 7}`]) },
    { kind: 'integer', name: 'integer', rows: Array.from({ length: 500 }, (_, row) => (row % 3 === 0 ? null : row)) },
  ];
  const order = inOrder(500);
  const write = async (written: readonly MeantColumn[]) => {
    const made = written.map((column) => columnOf(column));
    await writeParquet(fixture.file, made, order, { rowGroupRows: 200, encoder });
  };
  // What the others need is allocated after it.
  await write(columns.slice(0, 1));
  assert.throws(() => encoder.begin(new Uint32Array(2 ** 28)), /no memory is left/);
  await write(columns);
  await assertRoundTrip(fixture, columns, order);
});

test('leaves no file behind when it is cancelled', async () => {
  await using fixture = await parquetFixture();
  const reason = new Error('enough');
  await assert.rejects(writeCounted(fixture.file, { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const writing = writeCounted(fixture.file, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(writing, reason);
  await assert.rejects(stat(fixture.file), { code: 'ENOENT' });
});

test('a file that was cut off or overwritten is an error, not other rows', async () => {
  await using fixture = await parquetFixture();
  await writeCounted(fixture.file);
  const whole = await readFile(fixture.file);
  const damaged = [
    whole.subarray(0, -1),
    whole.subarray(0, 1000),
    Buffer.concat([whole.subarray(0, 20), whole.subarray(30)]),
  ];
  for (const bytes of damaged) {
    await writeFile(fixture.file, bytes);
    await assert.rejects(readWithEngine(fixture, counted));
    await assert.rejects(readWithLibrary(fixture.file));
  }
});
