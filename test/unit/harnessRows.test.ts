/** Readers of input objects: good and malformed CSV, JSON and NDJSON, in chunks of any size. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceFormat } from '../../src/harness/source.ts';
import { mixedText, typeCsvColumn, typeOfValues } from '../../src/harness/worker/columnType.ts';
import { DocumentTable } from '../../src/harness/worker/documentTable.ts';
import {
  MalformedObjectError,
  TruncatedObjectError,
  TypeConflictError,
  UnknownFormatError,
} from '../../src/harness/worker/ingestError.ts';
import { formatOf, readRows } from '../../src/harness/worker/readRows.ts';
import type { Row } from '../../src/harness/worker/row.ts';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let start = 0; start < bytes.byteLength; start += size) yield bytes.subarray(start, start + size);
}

/** The rows, which must not depend on how the bytes arrive. */
async function rowsOf(text: string | Uint8Array, format: SourceFormat): Promise<Row[]> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const whole = await Array.fromAsync(readRows(inChunks(bytes, 1 << 20), format, 'k'));
  for (const size of [1, 3, 7]) {
    assert.deepEqual(await Array.fromAsync(readRows(inChunks(bytes, size), format, 'k')), whole, `chunks of ${size}`);
  }
  return whole;
}

test('CSV: a document for each row, fields as text', async () => {
  assert.deepEqual(await rowsOf('id,name\r\n1,"a, b"\r\n2,"say ""x"""\r\n', 'csv'), [
    { kind: 'document', row: 0, document: { id: '1', name: 'a, b' } },
    { kind: 'document', row: 1, document: { id: '2', name: 'say "x"' } },
  ]);
});

test('CSV: byte order mark, doubled column names, blank lines, no end of line at the end, out-of-place quotes', async () => {
  assert.deepEqual(await rowsOf('\uFEFFa,a\n\n1,x"y"', 'csv'), [
    { kind: 'document', row: 0, document: { a: '1', a_2: 'x"y"' } },
  ]);
});

test('CSV: rows with too many or too few fields are rejected where they stand', async () => {
  assert.deepEqual(await rowsOf('a,b\n1,2\n3\nü,2\n4,5,6\n7,8\n', 'csv'), [
    { kind: 'document', row: 0, document: { a: '1', b: '2' } },
    { kind: 'rejected', row: 1, offsetBytes: 8, reason: '1 fields where the header has 2', raw: '3' },
    { kind: 'document', row: 2, document: { a: 'ü', b: '2' } },
    { kind: 'rejected', row: 3, offsetBytes: 15, reason: '3 fields where the header has 2', raw: '4,5,6' },
    { kind: 'document', row: 4, document: { a: '7', b: '8' } },
  ]);
});

test('CSV: nothing but a header, and nothing at all, have no rows', async () => {
  assert.deepEqual(await rowsOf('a,b\n', 'csv'), []);
  assert.deepEqual(await rowsOf('', 'csv'), []);
});

test('CSV: an object that ends inside quotes is truncated', async () => {
  await assert.rejects(rowsOf('a,b\n1,"2\n3,4\n', 'csv'), TruncatedObjectError);
});

test('TSV: tabs part the fields', async () => {
  assert.deepEqual(await rowsOf('a\tb\n1,5\t2\n', 'tsv'), [
    { kind: 'document', row: 0, document: { a: '1,5', b: '2' } },
  ]);
});

test('JSON: an array is many rows, an object one', async () => {
  const nested = { a: '[{"\\"', b: [1, { c: null }], d: '}]' };
  assert.deepEqual(await rowsOf(` [ ${JSON.stringify(nested)} , {"a":2}\n] `, 'json'), [
    { kind: 'document', row: 0, document: nested },
    { kind: 'document', row: 1, document: { a: 2 } },
  ]);
  assert.deepEqual(await rowsOf('{"features":[{"a":1}]}', 'json'), [
    { kind: 'document', row: 0, document: { features: [{ a: 1 }] } },
  ]);
  assert.deepEqual(await rowsOf('[]', 'json'), []);
});

test('JSON: elements that are no objects, or no JSON, are rejected with their offset', async () => {
  const rows = await rowsOf('[{"a":1}, 5, {"a":}, {"a":2},]', 'json');
  assert.deepEqual(
    rows.map((row) => (row.kind === 'rejected' ? [row.row, row.offsetBytes, row.raw.trim()] : row.document)),
    [{ a: 1 }, [1, 9, '5'], [2, 12, '{"a":}'], { a: 2 }, [4, 29, '']],
  );
});

for (const [what, text] of [
  ['after an element', '[{"a":1},'],
  ['inside an element', '[{"a":1},{"a"'],
  ['inside a text', '[{"a":"x'],
  ['inside the only object', '{"a":1'],
  ['before anything', '  '],
] as const) {
  test(`JSON: truncated ${what}`, async () => {
    await assert.rejects(rowsOf(text, 'json'), TruncatedObjectError);
  });
}

for (const text of ['hello', '[{"a":1}] x', '[}]', '5']) {
  test(`JSON: ${text} is malformed`, async () => {
    await assert.rejects(rowsOf(text, 'json'), MalformedObjectError);
  });
}

test('NDJSON: each line that is not blank is a row; bad ones are rejected, the rest is read', async () => {
  const rows = await rowsOf(
    Buffer.concat([Buffer.from('{"a":1}\r\n\n{"a":\n[1]\n'), Buffer.from([0xff, 0x0a]), Buffer.from('{"a":2}')]),
    'ndjson',
  );
  assert.deepEqual(
    rows.map((row) => (row.kind === 'rejected' ? [row.row, row.offsetBytes, row.reason.split(':')[0]] : row.document)),
    [{ a: 1 }, [1, 10, 'not JSON'], [2, 16, 'not a JSON object'], [3, 20, 'not UTF-8'], { a: 2 }],
  );
});

test('the format is declared, or told by the name', () => {
  assert.equal(formatOf(undefined, 'a/b.CSV'), 'csv');
  assert.equal(formatOf(undefined, 'a/b.json.gz'), 'json');
  assert.equal(formatOf(undefined, 'b.jsonl'), 'ndjson');
  assert.equal(formatOf('tsv', 'b.csv'), 'tsv');
  assert.throws(() => formatOf(undefined, 'readme.txt'), UnknownFormatError);
});

test('CSV columns are typed whole: numbers and booleans only where every value is one, and comes back', () => {
  assert.deepEqual(typeCsvColumn(['1', '-2.50', '', '3e2']), [1, -2.5, null, 300]);
  assert.deepEqual(typeCsvColumn(['true', '', 'false']), [true, null, false]);
  assert.deepEqual(typeCsvColumn(['007', '8']), ['007', '8']);
  assert.deepEqual(typeCsvColumn(['12345678901234567', '1']), ['12345678901234567', '1']);
  assert.deepEqual(typeCsvColumn(['0.12345678901234567']), ['0.12345678901234567']);
  assert.deepEqual(typeCsvColumn(['1', 'N/A', '']), ['1', 'N/A', '']);
  assert.deepEqual(typeCsvColumn(['', '']), [null, null]);
});

test('a column has the type of all its values, or is mixed text', () => {
  assert.equal(typeOfValues([null, undefined]), 'nothing');
  assert.equal(typeOfValues([1, null, 2]), 'integer');
  assert.equal(typeOfValues([1, 2.5]), 'double');
  assert.equal(typeOfValues([1, 2 ** 53]), 'double');
  assert.equal(typeOfValues([true, false]), 'boolean');
  assert.equal(typeOfValues(['a', undefined]), 'text');
  assert.equal(typeOfValues([{ a: 1 }, [2]]), 'json');
  assert.equal(typeOfValues(['1776', 1776]), 'mixed');
  assert.equal(typeOfValues([true, 1]), 'mixed');
});

test('mixed text gives each value back as it was', () => {
  const values = [
    'plain',
    '1776',
    1776,
    'true',
    true,
    '"q"',
    { a: [1] },
    '{"a":[1]}',
    -0,
    '',
    ' 5 ',
    'nullable',
    1e300,
  ];
  for (const value of values) {
    const text = mixedText(value);
    let back: unknown = text;
    try {
      back = JSON.parse(text);
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
    }
    assert.deepEqual(back, value, `${typeof value} ${JSON.stringify(value)} as ${text}`);
  }
});

test('a declared type is held, and a violation names field, row and value', () => {
  const table = new DocumentTable();
  table.add(0, { Title: 'A' });
  table.add(1, { Title: null, Year: 1 });
  table.add(4, { Title: 1776 });
  table.expect({ Year: 'number', Missing: 'string' }, 'k');
  assert.throws(
    () => table.expect({ Title: 'string' }, 'k'),
    (error) => error instanceof TypeConflictError && /"Title" of row 4 is 1776, a number/.test(error.message),
  );
});
