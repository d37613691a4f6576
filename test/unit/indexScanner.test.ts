/** Holds the scanner, which reads lines as bytes, to the plain reader: the same rows of the lines that it takes, and the others left alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ScannedRows } from '../../src/index/segments/scannedRows.ts';
import { SegmentDraft } from '../../src/index/segments/segmentDraft.ts';
import { textAt } from '../../src/index/texts.ts';
import { LogLines, type LogLine } from '../../src/logs/logLines.ts';
import { hostileLine } from '../rigs/hostileLines.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

interface Found {
  readonly rows: readonly object[];
  readonly rejects: readonly LogLine[];
}

/** Every cell of every row, but for the codes that stand for them. */
function rowsOf({ texts, numbers, fields, records }: SegmentDraft): object[] {
  return Array.from({ length: records }, (_, row) => ({
    ...Object.fromEntries(Object.entries(texts).map(([name, column]) => [name, column.at(row)])),
    ...Object.fromEntries(Object.entries(numbers).map(([name, { values }]) => [name, values[row]])),
    fields: Array.from(fields.codes.subarray(fields.ends[row - 1] ?? 0, fields.ends[row]), (code) =>
      textAt(fields.dictionary, code - 1),
    ),
  }));
}

/** @param read what is to be read by the plain reader, chunk by chunk. */
function read(chunks: readonly Buffer[], lines: LogLines, draft: SegmentDraft, quick?: ScannedRows): Found {
  const rejects: LogLine[] = [];
  const add = (found: readonly LogLine[]): void => {
    for (const line of found) {
      if (line.kind === 'record') draft.add(line.record, 'v');
      else rejects.push(line);
    }
  };
  for (const chunk of chunks) {
    for (const each of quick ? lines.pushWith(quick, chunk) : lines.push(chunk)) add(each.lines);
  }
  add(lines.end());
  return { rows: rowsOf(draft), rejects };
}

/** Used again and again, as those of a builder's thread are. */
const [plain, scanned] = [new SegmentDraft(), new SegmentDraft()];

/** @returns how many of the lines the scanner took. */
function assertAlike(chunks: readonly Buffer[]): number {
  plain.clear();
  scanned.clear();
  const quick = new ScannedRows(scanned);
  quick.begin('o', 'v');
  const found = read(chunks, new LogLines('o'), scanned, quick);
  assert.deepEqual(found, read(chunks, new LogLines('o'), plain));
  return quick.records;
}

/** In chunks that end anywhere. */
function cut(text: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => Math.floor(place * text.length)).sort((a, b) => a - b);
  return [...ends, text.length].map((end, at) => text.subarray(ends[at - 1] ?? 0, end));
}

function joined(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
}

const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });

test('hostile lines are read as the plain reader reads them', () => {
  let [taken, lines] = [0, 0];
  fc.assert(
    fc.property(fc.array(hostileLine, { minLength: 1, maxLength: 40 }), places, (written, ends) => {
      lines += written.length;
      taken += assertAlike(cut(joined(written), ends));
    }),
    { numRuns: 400, seed },
  );
  assert.ok(taken > lines / 40, `${taken} of ${lines} taken: the rest would say nothing`);
});

const name = fc.constantFrom('acme', 'w-7', 'attempt.failed', 'é', '\u{1F600} ok', '');
const text = fc.oneof(name, fc.constantFrom('a "quoted" \\ word', 'line 1\n\tline 2', '2026-11-23 is no time'));
const time = fc.constantFrom('2026-11-23T10:00:00.123Z', '2026-11-30T10:00:00.123Z', '2026-11-23 10:00:00+01:00');
const number = fc.oneof(fc.nat(), fc.integer(), fc.constantFrom(0.1, -0.5, 1e-6, 2 ** 40, 1234567.25));
const oddity = fc.oneof(
  fc.constantFrom('2026-11-23T10:00:00Z', '2026-13-23T10:00:00.000Z', 'a "word"', -0, 1e21, 1.5e-7, 2 ** 53, 1.5),
  fc.constantFrom<unknown>(null, true, {}, [], { type: 1 }, { 7: 1, a: 2 }, JSON.parse('{"__proto__":1}')),
);
const { other } = fc.letrec<{ other: unknown }>((tie) => ({
  other: fc.oneof(
    { depthSize: 'small' },
    name,
    text,
    fc.constantFrom('\u0000\u001f\b\f\r', 'C:\\logs\\a.log', 'https://host/path'),
    time,
    number,
    fc.constantFrom(true, false, null),
    fc.array(tie('other'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('status', 'ms', 'a.b', 'ü', 'type'), tie('other'), { maxKeys: 3 }),
  ),
}));
const mostly = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: oddity });
const optional = { requiredKeys: [] };
const record = fc
  .tuple(
    mostly(fc.oneof(time, fc.nat())),
    fc.record(
      {
        task: mostly(name),
        event: mostly(name),
        level: mostly(name),
        account: mostly(name),
        worker: mostly(name),
        message: mostly(text),
        attempt: mostly(fc.nat(4)),
        bytes: mostly(fc.nat()),
        error: mostly(fc.record({ type: name, message: text, stack: mostly(text) }, optional)),
        build: mostly(fc.record({ service: name, commit: name, version: mostly(name) }, optional)),
        http: mostly(other),
        thread: mostly(other),
        key: mostly(text),
      },
      optional,
    ),
  )
  .map(([ts, fields]) => ({ ts, ...fields }));

/** As several writers would spell it. */
const spelt = fc
  .tuple(record, fc.constantFrom('plain', 'plain', 'spaced', 'ascii', 'ended', 'twice'))
  .map(([fields, how]) => {
    const text = JSON.stringify(fields);
    switch (how) {
      case 'spaced':
        return JSON.stringify(fields, null, 1).replaceAll(/\n\s*/g, ' ');
      case 'ascii':
        return text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
      case 'twice':
        return `${text.slice(0, -1)},"worker":"w","http":1}`;
      case 'ended':
        return `${text} \r`;
      default:
        return text;
    }
  });

test('lines of real writers are read as the plain reader reads them, most of them by the scanner', () => {
  let [taken, lines] = [0, 0];
  fc.assert(
    fc.property(fc.array(spelt, { minLength: 1, maxLength: 20 }), places, (written, ends) => {
      lines += written.length;
      taken += assertAlike(cut(joined(written.map((line) => Buffer.from(line))), ends));
    }),
    { numRuns: 600, seed },
  );
  assert.ok(taken > lines / 4, `${taken} of ${lines} taken: the rest would say nothing`);
});

test('what is taken of a line leaves nothing for the next, whatever stands in either', () => {
  const first = '{"ts":1,"message":"m","error":{"type":"E","stack":"a\\nb"},"attempt":2,"x":{"y":[1]}}';
  for (const odd of ['{"ts":2}', '{"ts":2,"x":"\\n"}', '{"message":"n"}', '{"ts":2,"attempt":1.5}', '{"ts":2} x']) {
    assert.ok(assertAlike([joined([first, odd, first, '{"ts":3}'].map((line) => Buffer.from(line)))]) >= 3);
  }
});

test('more and longer keys than are kept, more tokens and deeper nesting are left to the plain reader', () => {
  const keys = Array.from({ length: 5000 }, (_, at) => `{"ts":1,"k${at}":${at}}`);
  assert.equal(assertAlike([joined(keys.map((line) => Buffer.from(line)))]), 4095);
  const many = JSON.stringify({ ts: 1, list: Array.from({ length: 80 }, (_, at) => at) });
  const long = `{"ts":1,"${'k'.repeat(2000)}":1}`;
  const deep = `{"ts":1,"deep":${'['.repeat(40)}1${']'.repeat(40)}}`;
  assert.equal(assertAlike([joined([many, long, deep].map((line) => Buffer.from(line)))]), 0);
});

test('keys that fill the room for keys take none from the logs that are read next', () => {
  const draft = new SegmentDraft();
  const count = (lines: readonly string[]): number => {
    const quick = new ScannedRows(draft);
    quick.begin('o', 'v');
    const text = joined(lines.map((line) => Buffer.from(line)));
    for (const each of new LogLines('o').pushWith(quick, text)) assert.ok(each.bytes > 0);
    return quick.records;
  };
  const others = (name: string) => Array.from({ length: 5000 }, (_, at) => `{"ts":1,"${name}${at}":{"in":1}}`);
  for (const name of ['a', 'b', 'c']) assert.ok(count(others(name)) > 2000);
  assert.equal(count(['{"ts":1,"task":"t","new":{"in":2}}']), 1);
  assert.equal(draft.texts.rest.at(draft.records - 1), '{"new":{"in":2}}');
  assert.equal(draft.texts.task.at(draft.records - 1), 't');
});

test('a number is copied only where JavaScript would spell it so', () => {
  const spelling = fc.oneof(
    fc.double().map(String),
    fc.stringMatching(/^-?\d{0,18}(\.\d{0,18})?$/),
    fc.constantFrom(
      '0',
      '-0',
      '0.000001',
      '0.0000001',
      '1.10',
      '00',
      '01',
      '-',
      '',
      '.5',
      '5.',
      '0.1e1',
      '999999999999999',
    ),
  );
  const numbers = fc.sample(spelling, { numRuns: 5000, seed });
  // In one line it is among the rest, in the other it has a column.
  const lines = numbers.flatMap((text) => [`{"ts":1,"n":${text}}`, `{"ts":1,"bytes":${text}}`]);
  const copied = assertAlike([joined(lines.map((line) => Buffer.from(line)))]);
  assert.ok(copied > 300, `${copied} were copied`);
});

test('a time is read from its bytes as from its text, or not at all', () => {
  const part = (length: number) => fc.oneof(fc.nat(10 ** length - 1), fc.integer({ min: 1, max: 12 }));
  const spelling = fc
    .tuple(
      part(4),
      part(2),
      part(2),
      part(2),
      part(2),
      part(2),
      part(3),
      fc.constantFrom('T', ' ', 't'),
      fc.constantFrom('Z', 'z', '+'),
    )
    .map(([year, month, day, hour, minute, second, ms, between, zone]) => {
      const two = (value: number) => String(value).padStart(2, '0');
      return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}${between}${two(hour)}:${two(minute)}:${two(second)}.${String(ms).padStart(3, '0')}${zone}`;
    });
  const times = fc.sample(spelling, { numRuns: 20_000, seed });
  const lines = times.flatMap((text) => [`{"ts":"${text}"}`, `{"ts":1,"at":"${text}"}`]);
  const taken = assertAlike([joined(lines.map((line) => Buffer.from(line)))]);
  assert.ok(taken > 100, `${taken} were read`);
});
