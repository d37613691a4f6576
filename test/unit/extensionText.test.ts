/** What the extension makes of text from outside, of times, of failures and of values in queries. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { recentAtMost, withSearch } from '../../src/extension/commands/recentSearches.ts';
import { failureOf, failureText } from '../../src/extension/failureText.ts';
import { filterTerm } from '../../src/extension/filterTerm.ts';
import { plainBlock } from '../../src/model/plainText.ts';
import { indexedText } from '../../src/extension/indexedText.ts';
import { iconFree, linkFree, plainLine } from '../../src/extension/plainText.ts';
import { localIso, localTime } from '../../src/extension/plainTime.ts';
import { isInside } from '../../src/extension/sources/insideFolder.ts';
import { EngineCrashed, EngineError } from '../../src/engine/engineError.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';

test('removes what a terminal or a text layout would obey', () => {
  assert.equal(plainBlock('\u001b[31mred\u001b[0m\u0007\u202egnp.exe\u2066'), 'redgnp.exe');
  assert.equal(plainBlock('\u001b]8;;http://evil\u0007link\u001b]8;;\u0007'), 'link');
  assert.equal(plainBlock('a\tb\u0000c'), 'a\tbc');
});

test('ends lines with a newline only, so that lines are counted as the editor counts them', () => {
  assert.equal(plainBlock('a\r\nb\rc\u2028d\u2029e'), 'a\nb\nc\nd\ne');
});

test('leaves no control character in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
      assert.doesNotMatch(plainLine(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/);
    }),
  );
});

test('cuts a line to its length, however long the text', () => {
  assert.equal(plainLine('x'.repeat(1_000_000), 10), 'xxxxxxxxx…');
  assert.equal(plainLine('  two\n\n words '), 'two words');
});

test('draws no icon and no link from text of a log', () => {
  assert.equal(iconFree('$(error) x'), '$ (error) x');
  assert.equal(linkFree('[click](command:evil)'), '[click] (command:evil)');
});

test('writes a moment in the local zone, and unambiguously', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_000_000_000_000, max: 4_000_000_000_000 }), (ms) => {
      assert.match(localIso(ms), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
      // Before 1900 zones had seconds, which the format cannot hold.
      if (ms > 0) assert.equal(Date.parse(localIso(ms)), ms);
    }),
  );
  assert.equal(localIso(Number.NaN), 'NaN');
});

test('leaves the day out of a time of today', () => {
  const noon = new Date(2026, 10, 23, 12, 0, 5).getTime();
  assert.equal(localTime(noon, noon + 1000), '12:00:05');
  assert.equal(localTime(noon, noon + 48 * 3_600_000), '2026-11-23 12:00:05');
});

test('writes any value as a term that the query grammar reads back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
      const parsed = parseQuery(filterTerm('worker', value), { nowMs: 0 });
      assert.deepEqual(parsed.kind === 'query' && parsed.query.where, {
        kind: 'field',
        field: 'worker',
        comparison: { kind: 'equals', value },
      });
    }),
  );
  assert.equal(filterTerm('worker', 'w-7'), 'worker:w-7');
  assert.equal(filterTerm('worker', 'a*'), 'worker:"a*"');
});

test('reads failures by their code', () => {
  assert.equal(failureOf(new EngineCrashed('signal SIGKILL')).kind, 'engine');
  assert.equal(failureOf(new EngineError('internal', 'x')).kind, 'engine');
  assert.equal(failureOf(new EngineError('denied', 'x')).kind, 'denied');
  assert.equal(failureOf(new EngineError('nowhere', 'x')).kind, 'unreachable');
  assert.equal(failureOf(new EngineError('limit', 'x')).kind, 'limit');
  assert.equal(failureOf(new DOMException('stop', 'AbortError')).kind, 'cancelled');
  assert.equal(failureOf(new TypeError('a bug')).kind, 'engine');
  assert.deepEqual(failureOf(new EngineError('query', 'expected a value', { column: 8 })), {
    kind: 'query',
    code: 'query',
    message: 'expected a value',
    column: 8,
  });
});

test('a failure says what failed, with which input, and what to do', () => {
  const unreachable = failureOf(new EngineError('unreachable', 'No answer from http://x. Check the URL.'));
  const told = 'Cannot search prod for "a": No answer from http://x. Check the URL.';
  assert.equal(failureText('search prod for "a"', unreachable), told, 'places say themselves what to do, once');
  assert.match(failureText('x', failureOf(new EngineError('internal', 'oh'))), /oh\. Try again; the log tells more\.$/);
  assert.match(
    failureText('x', failureOf(new EngineError('query', 'expected y', { column: 3 }))),
    /expected y \(column 3\)\.$/,
  );
  assert.equal(failureText('x', failureOf(new EngineError('limit', 'raise it'))), 'Cannot x: raise it.');
});

test('takes only what lies below a folder for inside', () => {
  const folder = join('/', 'w', 'app');
  assert.equal(isInside(folder, join(folder, 'src', 'a.ts')), true);
  assert.equal(isInside(folder, join(folder, '..a.ts')), true);
  for (const path of [
    folder,
    join('/', 'w', 'apple', 'a.ts'),
    join(folder, '..', 'b.ts'),
    join('/', 'etc', 'passwd'),
  ]) {
    assert.equal(isInside(folder, path), false, path);
  }
});

test('keeps the latest searches, each once', () => {
  assert.deepEqual(withSearch(['a', 'b'], 'b'), ['b', 'a']);
  const many = Array.from({ length: recentAtMost }, (_, position) => String(position));
  assert.equal(withSearch(many, 'new').length, recentAtMost);
  assert.equal(withSearch(many, 'new')[0], 'new');
});

test('a pass that could not read all does not say that the index is up to date', () => {
  const pass = { objects: 0, records: 0, rejected: 0, segments: 0, bytes: 0, unread: 0, ms: 1200 };
  assert.equal(indexedText(pass), 'The index is up to date.');
  assert.equal(
    indexedText({ ...pass, unread: 1 }),
    '1 log object could not be read; each is tried a few times before it is set aside.',
  );
  assert.equal(
    indexedText({ ...pass, objects: 2, records: 1234, rejected: 1 }),
    'Indexed 2 log objects in 1.2 s: 1,234 records, 1 line rejected.',
  );
  assert.match(
    indexedText({ ...pass, objects: 2, unread: 3 }),
    /^Indexed 2 log objects .* 3 log objects could not be read/,
  );
});
