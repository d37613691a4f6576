/** What is said of a query that found nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import { queryHint } from '../../src/model/query/queryHint.ts';

function hint(text: string): string | undefined {
  const parsed = parseQuery(text, { nowMs: 0 });
  assert.equal(parsed.kind, 'query', text);
  return queryHint(parsed.query);
}

test('a status that no task has is told, wherever it stands', () => {
  const told = 'No task is ever status:faild; it is pending, assigned, running, retrying, succeeded or failed.';
  for (const text of ['status:faild', 'account:a (worker:x or status:failed,faild)', 'since:1h status:faild'])
    assert.equal(hint(text), told, text);
});

test('there is nothing to tell of any other query', () => {
  for (const text of ['', 'status:failed', 'status:f*', '-status:faild', 'http.status:faild', 'faild', 'has:status'])
    assert.equal(hint(text), undefined, text);
});
