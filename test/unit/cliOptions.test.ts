/** The command's options: terms that begin with a dash stay terms, and wrong use is refused in words. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OptionTable, readOptions } from '../../src/cli/options.ts';
import { WrongUse } from '../../src/cli/wrongUse.ts';

const table: OptionTable = {
  limit: { type: 'text', help: '' },
  watch: { type: 'flag', help: '' },
  coordinator: { type: 'text', help: '', repeatable: true, further: /^https?:/ },
};

test('a term that begins with a dash is part of the query', () => {
  const values = readOptions(['status:failed', '-source:test', '--limit', '5', '-has:error'], table);
  assert.deepEqual(values.positionals, ['status:failed', '-source:test', '-has:error']);
  assert.equal(values.integer('limit', { min: 1, max: 10 }), 5);
});

test('a dash alone is an argument', () => {
  assert.deepEqual(readOptions(['-'], table).positionals, ['-']);
});

test('after two dashes everything is an argument', () => {
  assert.deepEqual(readOptions(['--', '--limit', '-x'], table).positionals, ['--limit', '-x']);
});

test('an option takes several addresses at once, and then the query goes on', () => {
  const args = ['--coordinator', 'http://a', 'https://b', 'status:failed', 'http://c', '--coordinator=http://d'];
  const values = readOptions(args, table);
  assert.deepEqual(values.texts('coordinator'), ['http://a', 'https://b', 'http://d']);
  assert.deepEqual(values.positionals, ['status:failed', 'http://c']);
});

test('what was not given is absent', () => {
  const values = readOptions([], table);
  assert.equal(values.text('limit'), undefined);
  assert.equal(values.integer('limit', { min: 0, max: 1 }), undefined);
  assert.equal(values.flag('watch'), false);
  assert.deepEqual(values.texts('coordinator'), []);
});

for (const [what, args, expected] of [
  ['an unknown option', ['--lmit', '5'], /--lmit/],
  ['a missing value', ['--limit'], /--limit/],
  ['an option in the place of a value', ['--limit', '--watch'], /--limit/],
  ['a value for a flag', ['--watch=yes'], /--watch/],
] as const) {
  test(`refuses ${what} and names it`, () => {
    assert.throws(
      () => readOptions(args, table),
      (error) => error instanceof WrongUse && expected.test(error.message) && !error.message.includes('\0'),
    );
  });
}

for (const text of ['0', '11', '-5', '1.5', '1e1', 'five', '']) {
  test(`refuses ${JSON.stringify(text)} where a whole number from 1 to 10 is expected`, () => {
    assert.throws(() => readOptions(['--limit', text], table).integer('limit', { min: 1, max: 10 }), /from 1 to 10/);
  });
}
