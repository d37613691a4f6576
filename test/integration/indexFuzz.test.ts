/** Hostile logs and queries, seeded: nothing crashes or hangs, and nothing is dropped unsaid. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { LogLine } from '../../src/logs/logLines.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { formatQuery } from '../../src/model/query/formatQuery.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import { type LogRecord, recordToJson } from '../../src/model/record.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { hostileLine, isBlankLine } from '../rigs/hostileLines.ts';
import { indexFixture, nowMs } from './indexFixture.ts';

const seed = 20261126;
const inheritedFields = ['account', 'collection', 'source', 'coordinator', 'worker'] as const;

const codecs = [
  ['.ndjson', (bytes: Buffer) => bytes],
  ['.gz', gzipSync],
  ['.zst', zstdCompressSync],
] as const;
const codec = fc.constantFrom(...codecs);

async function read(logs: ObjectStore, key: string): Promise<LogLine[]> {
  return (await Array.fromAsync(readLogObject(logs, key))).flat();
}

function offsetOf(line: LogLine): number {
  return line.kind === 'record' ? (line.record.origin?.offsetBytes ?? -1) : line.offsetBytes;
}

function joined(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
}

test('each line of hostile logs is a record, a reject or blank', async () => {
  await using fixture = await indexFixture();
  const { logs } = fixture;
  const property = fc.asyncProperty(
    codec,
    fc.array(hostileLine, { maxLength: 12 }),
    async ([suffix, encode], lines) => {
      const key = `fuzz${suffix}`;
      await logs.put(key, encode(joined(lines)));
      let offsetBytes = 0;
      const expected: number[] = [];
      for (const line of lines) {
        if (!isBlankLine(line)) expected.push(offsetBytes);
        offsetBytes += line.length + 1;
      }
      assert.deepEqual((await read(logs, key)).map(offsetOf), expected);
    },
  );
  await fc.assert(property, { seed, numRuns: 400 });
});

/** Changes a few of the bytes, as disks, networks and careless programs do. */
const mutations = fc.array(
  fc.tuple(
    fc.constantFrom('flip', 'cut', 'drop', 'insert', 'repeat'),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
    fc.nat(255),
  ),
  { minLength: 1, maxLength: 3 },
);

function mutate(bytes: Buffer, changes: readonly (readonly [string, number, number])[]): Buffer {
  let changed = Buffer.from(bytes);
  for (const [kind, place, amount] of changes) {
    const at = Math.floor(place * changed.length);
    const before = changed.subarray(0, at);
    const after = changed.subarray(at);
    if (kind === 'flip')
      changed = Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (amount || 1)]), after.subarray(1)]);
    else if (kind === 'cut') changed = Buffer.from(before);
    else if (kind === 'drop') changed = Buffer.concat([before, after.subarray(amount)]);
    else if (kind === 'insert') changed = Buffer.concat([before, Buffer.alloc(amount, amount), after]);
    else changed = Buffer.concat([before, after.subarray(0, amount), after]);
  }
  return changed;
}

test('whatever becomes of its bytes, what is read of an object follows without a gap, and the rest is one reject', async () => {
  await using fixture = await indexFixture();
  const { logs } = fixture;
  const property = fc.asyncProperty(
    fc.constantFrom(...codecs.slice(1)),
    fc.array(hostileLine, { minLength: 1, maxLength: 40 }),
    mutations,
    async ([suffix, encode], lines, changes) => {
      const key = `mutated${suffix}`;
      const text = joined(lines);
      const whole = encode(text);
      const bytes = mutate(whole, changes);
      await logs.put(key, bytes);
      const found = await read(logs, key);
      let end = 0;
      for (const line of found) {
        assert.ok(offsetOf(line) >= end, 'in order');
        end = offsetOf(line) + (line.kind === 'record' ? Buffer.byteLength(line.raw) : 1);
      }
      const isDamaged = found.at(-1)?.kind === 'rejected' && rejectOf(found.at(-1)).startsWith('damaged ');
      // Without a word about damage, a checksum held: gzip's tells the text of every member.
      if (!isDamaged && suffix === '.gz' && bytes.length >= whole.length) assertAllOf(lines, found);
      assert.ok(
        found.slice(0, -1).every((line) => !rejectOf(line).startsWith('damaged ')),
        'damage is told once, at the end',
      );
    },
  );
  await fc.assert(property, { seed, numRuns: 300 });
});

function rejectOf(line: LogLine | undefined): string {
  return line?.kind === 'rejected' ? line.reason : '';
}

/** Each of the lines is there, at least once: what was repeated may be there twice. */
function assertAllOf(lines: readonly Buffer[], found: readonly LogLine[]): void {
  const wanted = lines.filter((line) => !isBlankLine(line)).length;
  assert.ok(found.length >= wanted, `${found.length} of ${wanted}`);
}

test('an index of hostile logs holds each record and each reject, as the reader read them', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const objects = fc.sample(fc.tuple(codec, fc.array(hostileLine, { minLength: 10, maxLength: 60 })), {
    seed,
    numRuns: 40,
  });
  const records = new Map<string, LogRecord>();
  const rejects: string[] = [];
  for (const [number, [[suffix, encode], lines]] of objects.entries()) {
    const key = `${number}${suffix}`;
    await logs.put(key, encode(joined(lines)));
    for (const line of await read(logs, key)) {
      if (line.kind === 'record') records.set(`${key} ${offsetOf(line)}`, line.record);
      else rejects.push(`${key} ${offsetOf(line)} ${line.reason}`);
    }
  }
  const summary = await indexLogs({ logs, index, limits: { objects: 7 } });
  assert.deepEqual([summary.records, summary.rejected], [records.size, rejects.length]);
  assert.ok(records.size > 300 && rejects.length > 100, `${records.size} records, ${rejects.length} rejects`);
  const reader = await fixture.reader();
  const found = await Array.fromAsync(reader.rejected());
  assert.deepEqual(found.map((row) => `${row.object} ${row.offsetBytes} ${row.reason}`).sort(), rejects.sort());
  const all = parseQuery('', { nowMs });
  assert.ok(all.kind === 'query');
  const page = await reader.records(all.query, { limit: 10_000 });
  assert.equal(page.records.length, records.size);
  for (const record of page.records) {
    const key = `${record.origin?.object} ${record.origin?.offsetBytes}`;
    const expected = records.get(key);
    assert.ok(expected, `${key} is there, and once`);
    records.delete(key);
    // What its task has and it has not, it has from there.
    const inherited = inheritedFields.filter((name) => expected[name] === undefined);
    const own = Object.fromEntries(Object.entries(record).filter(([name]) => !inherited.some((each) => each === name)));
    assert.deepEqual(comparable(own as unknown as LogRecord), comparable(expected), key);
  }
});

/** Through JSON, as the index keeps it; what UTF-8 cannot hold replaced. DuckDB's Node binding takes a byte order mark from the start of texts. */
function comparable(record: LogRecord): unknown {
  const text = JSON.stringify(recordToJson(record)).replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, '\ufffd');
  return JSON.parse(text.replaceAll('"\ufeff', '"'));
}

const queries = [
  'account:acme collection:orders status:failed worker:w-7 since:2h "timed out" http.status:503 -source:test',
  'duration:>5s attempts:2..4 (has:error or is:slow) sort:duration limit:10',
  'id:task-1,task-2 -message:*timeout* until:2026-11-23T10:00:00Z',
  'at:2026-11-23 (account:a* or (worker:w-1 -is:live)) level:error,fatal',
  '"a phrase \\"quoted\\"" a.b."c d":>=1.5 bytes:1..2 group:abc has:__proto__',
];
const mutatedQuery = fc
  .tuple(
    fc.constantFrom(...queries),
    fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(12),
        fc.oneof(
          fc.constantFrom(
            ':',
            ',',
            '(',
            ')',
            '"',
            '-',
            '*',
            '.',
            '<',
            '>',
            '=',
            '\\',
            '%',
            '_',
            "'",
            '..',
            ' or ',
            '\0',
            '\ud800',
            '\u001f',
            '[',
            '$files',
            '1e999',
            '-0',
            'sort:',
            "';--",
          ),
          fc.string({ unit: 'binary', maxLength: 3 }),
        ),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([text, changes]) => {
    let mutated = text;
    for (const [place, length, inserted] of changes) {
      const at = Math.floor(place * mutated.length);
      mutated = mutated.slice(0, at) + inserted + mutated.slice(at + length);
    }
    return mutated;
  });

test('a mutated query is refused with its column, or means the same written back, and an index answers it', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const lines = fc.sample(hostileLine, { seed, numRuns: 300 });
  await logs.put('fuzz.ndjson', joined(lines));
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  let answered = 0;
  const property = fc.asyncProperty(mutatedQuery, async (text) => {
    const parsed = parseQuery(text, { nowMs });
    if (parsed.kind === 'problem') {
      assert.ok(parsed.problem.column >= 1 && parsed.problem.column <= text.length + 1);
      assert.notEqual(parsed.problem.message, '');
      return;
    }
    const again = parseQuery(formatQuery(parsed.query), { nowMs: nowMs + 1e9 });
    assert.ok(again.kind === 'query', formatQuery(parsed.query));
    assert.deepEqual({ ...again.query, text: '' }, { ...parsed.query, text: '' });
    const { tasks, total } = await reader.search(parsed.query, { limit: 5 });
    assert.ok(tasks.length <= total);
    await reader.records(parsed.query, { limit: 5 });
    answered += 1;
  });
  await fc.assert(property, { seed, numRuns: 250 });
  assert.ok(answered > 25, `${answered} queries were answered`);
});
