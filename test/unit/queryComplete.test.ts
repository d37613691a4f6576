/** Completions of half-written queries: what is offered where, and that taking an offer gives the query that it names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { completeQuery, type QueryVocabulary } from '../../src/model/query/completeQuery.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import { queryCursor } from '../../src/model/query/queryCursor.ts';

const nowMs = Date.UTC(2026, 10, 23);
const vocabulary: QueryVocabulary = {
  fields: ['http.status', 'odd name', 'since', 'account'],
  valuesOf: (field) =>
    field === 'account'
      ? [{ value: 'acme', count: 1200 }, { value: 'Globex corp', count: 7 }, { value: 'megacme' }]
      : field === 'http.status'
        ? [{ value: 503, count: 3 }, { value: '5..9' }]
        : [],
};

/** `|` is the cursor. */
function offered(marked: string): string[] {
  return completeQuery(marked.replace('|', ''), marked.indexOf('|'), vocabulary).map(({ insert }) => insert);
}

function taken(marked: string, insert: string): string {
  const text = marked.replace('|', '');
  const offers = completeQuery(text, marked.indexOf('|'), vocabulary);
  const offer = offers.find((each) => each.insert === insert) ?? assert.fail(`${marked}: no ${insert}`);
  return text.slice(0, offer.start) + offer.insert + text.slice(offer.end);
}

test('offers fields where a term begins, those that start with what was typed first', () => {
  assert.deepEqual(offered('acc|'), ['account:']);
  assert.deepEqual(offered('status:failed wor|'), ['worker:']);
  assert.deepEqual(offered('-(a or wor|'), ['worker:']);
  assert.deepEqual(offered('-wor|'), ['worker:']);
  assert.deepEqual(offered('Http|'), ['http.status:']);
  assert.deepEqual(offered('stat|').slice(0, 2), ['status:', 'http.status:']);
  assert.deepEqual(offered('odd|'), ['"odd name":']);
  assert.deepEqual(offered('sinc|'), ['"since":', 'since:']);
  assert.equal(offered('|')[0], 'status:');
  assert.equal(new Set(offered('|')).size, offered('|').length, 'each once');
});

test('replaces the whole name or value that the cursor is in', () => {
  assert.equal(taken('acc|xyz:acme status:failed', 'account:'), 'account:acme status:failed');
  assert.equal(taken('account:a|bc,globex since:2h', 'acme'), 'account:acme,globex since:2h');
  assert.equal(taken('account:acme,|', '"Globex corp"'), 'account:acme,"Globex corp"');
  assert.equal(taken('account:"glo|', '"Globex corp"'), 'account:"Globex corp"');
  assert.equal(taken('(account:|)', 'acme'), '(account:acme)');
});

test('offers values most frequent first, with their counts', () => {
  assert.deepEqual(offered('account:|'), ['acme', '"Globex corp"', 'megacme']);
  assert.deepEqual(offered('account:acm|'), ['acme', 'megacme']);
  assert.equal(completeQuery('account:', 8, vocabulary)[0]?.detail, '1,200');
  assert.deepEqual(offered('http.status:|'), ['503', '"5..9"']);
  assert.deepEqual(offered('"http.status":5|'), ['503', '"5..9"']);
  assert.deepEqual(offered('status:f|'), ['failed']);
  assert.deepEqual(offered('nothing:|'), []);
});

test('offers what belongs to is:, sort:, has: and the times', () => {
  assert.deepEqual(offered('is:|'), ['live', 'done', 'slow', 'retried']);
  assert.deepEqual(offered('sort:dur|'), ['duration', 'duration-asc']);
  assert.deepEqual(offered('has:odd|'), ['"odd name"']);
  assert.deepEqual(offered('since:2|'), ['2h', '24h']);
  assert.ok(offered('at:|').includes('now'));
  assert.deepEqual(offered('duration:>1|').slice(0, 2), ['>10s', '>1m']);
});

test('offers nothing in a phrase or after a closing quote', () => {
  for (const marked of ['"acc|', '"acc|ount"', 'account:"acme"|', '"a b"|', '"odd name|":5']) {
    assert.deepEqual(offered(marked), [], marked);
  }
});

test('whatever value is taken, the query asks for exactly that value', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom('x', 'http.status', 'bytes'),
      (value, field) => {
        const [offer] = completeQuery(`${field}:`, field.length + 1, { fields: [], valuesOf: () => [{ value }] });
        const parsed = parseQuery(`${field}:${offer?.insert}`, { nowMs });
        assert.ok(parsed.kind === 'query', JSON.stringify([value, offer?.insert, parsed]));
        assert.deepEqual(parsed.query.where, { kind: 'field', field, comparison: { kind: 'equals', value } });
      },
    ),
    { seed: 20261123, numRuns: 500 },
  );
});

test('is right about any text: never throws, and replaces what the cursor touches', () => {
  const piece = fc.constantFrom(
    'account:',
    'a',
    '"',
    '\\',
    ',',
    '-',
    '(',
    ')',
    ' or ',
    ' ',
    ':',
    '>=',
    '\n',
    '😀',
    'is:',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(40), (pieces, offset) => {
      const text = pieces.join('');
      const cursor = queryCursor(text, offset);
      const at = Math.min(offset, text.length);
      if (cursor.kind !== 'none') assert.ok(cursor.start <= at && at <= cursor.end, JSON.stringify([text, at, cursor]));
      for (const { start, end } of completeQuery(text, offset, vocabulary)) assert.ok(start <= at && at <= end);
    }),
    { seed: 20261123, numRuns: 3000 },
  );
});
