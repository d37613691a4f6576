/** What is offered below the box in which a query is written. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchItems } from '../../src/extension/commands/searchItems.ts';
import type { QueryVocabulary } from '../../src/model/query/completeQuery.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';

const nowMs = Date.UTC(2026, 10, 23);
const nothing: QueryVocabulary = { fields: [], valuesOf: () => [] };
const vocabulary: QueryVocabulary = {
  fields: ['http.status'],
  valuesOf: (field) =>
    field === 'worker'
      ? [
          { value: 'w-7', count: 1200 },
          { value: '$(bug) x', count: 3 },
        ]
      : [],
};

function items(text: string, recent: readonly string[] = [], of = vocabulary) {
  return searchItems(text, recent, of, nowMs);
}

test('every example is a query that is understood', () => {
  const searches = items('', [], nothing).flatMap(({ action }) => (action.kind === 'search' ? [action.query] : []));
  assert.ok(searches.length > 3);
  for (const query of searches) assert.equal(parseQuery(query, { nowMs }).kind, 'query', query);
});

test('an empty box offers what was searched before, the latest first, then all tasks, then fields', () => {
  const offered = items('', ['account:b', '', 'is:live']);
  const labels = offered.map(({ label }) => label);
  assert.deepEqual(labels.slice(0, 2), ['account:b', 'is:live']);
  assert.equal(labels.filter((label) => label === 'is:live').length, 1, 'an example that was searched stands once');
  assert.deepEqual(offered[labels.indexOf('All tasks')]?.action, { kind: 'search', query: '' });
  assert.ok(labels.indexOf('status:') > labels.indexOf('All tasks'));
});

test('Enter searches for what was typed, whatever else is offered', () => {
  assert.deepEqual(items('worker:w-7', ['worker:w-7 since:1h'])[0]?.action, { kind: 'search', query: 'worker:w-7' });
  const [wrong] = items('status:failed since:soon');
  assert.equal(wrong?.icon, 'error');
  assert.match(wrong?.detail ?? '', /^column 21: expected a time/);
});

test('values complete the term that the text ends with, the most frequent first, with how often they are there', () => {
  const [, ...offered] = items('status:failed worker:');
  assert.deepEqual(offered[0], {
    label: 'w-7',
    description: '1,200',
    icon: 'symbol-constant',
    alwaysShow: true,
    action: { kind: 'complete', text: 'status:failed worker:w-7' },
  });
  assert.equal(offered[1]?.label, '$ (bug) x', 'a value is never drawn as an icon');
  assert.deepEqual(offered[1]?.action, { kind: 'complete', text: 'status:failed worker:"$(bug) x"' });
});

test('fields complete the word that the text ends with, those of the records too', () => {
  const texts = items('is:live htt').flatMap(({ action }) => (action.kind === 'complete' ? [action.text] : []));
  assert.deepEqual(texts, ['is:live http.status:']);
});

test('what stands there already is not offered as its own completion', () => {
  const texts = items('worker:w-7').flatMap(({ action }) => (action.kind === 'complete' ? [action.text] : []));
  assert.deepEqual(texts, []);
});
