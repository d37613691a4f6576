/** Field tokens: every value of a record stands for itself, typed, under its path. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { likePattern, Parameters } from '../../src/index/compileQuery.ts';
import { fieldTokens, pathOfToken, tokenPrefix } from '../../src/index/fieldTokens.ts';
import { parseRecord } from '../../src/model/record.ts';

function tokensOf(fields: object): string[] {
  const parsed = parseRecord({ ts: 0, ...fields });
  assert.ok(parsed.kind === 'record');
  return (fieldTokens(parsed.record) ?? []).map((token) => token.replaceAll('\u001f', '|')).sort();
}

test('a path whose values have several types keeps them apart', () => {
  assert.deepEqual(tokensOf({ http: [{ status: 503 }, { status: '503' }, { status: true }] }), [
    'http.status|b|true',
    'http.status|n|503',
    'http.status|s|503',
    'http|o|',
  ]);
});

test('null, {} and [] are nothing, elements share the path of their array, dots in names are dots of the path', () => {
  assert.deepEqual(tokensOf({ a: null, b: {}, c: [], d: { e: [null] }, 'f.g': [1, [2]], h: { 'i.j': 'x' } }), [
    'f.g|n|1',
    'f.g|n|2',
    'h.i.j|s|x',
    'h|o|',
  ]);
});

test('a text that is a time has its moment beside it, canonical texts too', () => {
  assert.deepEqual(tokensOf({ at: '1970-01-01T00:00:01Z', key: '1970-01-01T00:00:02Z', message: '1970' }), [
    'at|s|1970-01-01T00:00:01Z',
    'at|t|1000',
    'key|t|2000',
  ]);
});

test('a name that holds the separator cannot pass for a type or a value', () => {
  const parsed = parseRecord({ ts: 0, 'a\u001fn\u001f5': 'x' });
  assert.ok(parsed.kind === 'record');
  const [token = ''] = fieldTokens(parsed.record) ?? [];
  assert.ok(!token.startsWith(tokenPrefix('a', 'n')));
  assert.ok(token.startsWith(tokenPrefix('a\u001fn\u001f5', 's')));
  assert.equal(pathOfToken(token), 'a␟n␟5');
});

test('a pattern of the query is none of LIKE but for its stars', () => {
  assert.equal(likePattern('50%_\\*x*'), '50\\%\\_\\\\%x%');
});

test('a statement is given the values that it names and no others', () => {
  const parameters = new Parameters();
  const names = Array.from({ length: 12 }, (_, at) => parameters.add(at));
  assert.deepEqual(parameters.of(`SELECT ${names[1]}, ${names[11]}`), { p1: 1, p11: 11 });
});
