import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Masks } from '../../src/index/tasks/taskMask.ts';

test('masks are used again, also once segments of other sizes have taken the place of many', () => {
  const before = new Masks();
  // As much as is kept, of a length that no later question asks for.
  for (let mask = 0; mask < 40; mask++) before.take(2 ** 20).fill(1);
  before.release();
  const some = new Masks();
  const mask = some.take(1000).fill(1);
  some.release();
  const others = new Masks();
  const again = others.take(1000);
  assert.equal(again, mask);
  assert.ok(again.every((each) => each === 0));
  others.release();
});
