/** Limits come from the command's environment, checked. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf } from '../../src/cli/limits.ts';

test('limits that are not set are left to their defaults', () => {
  assert.deepEqual(limitsOf({}), {});
  assert.deepEqual(limitsOf({ INGEST_TRACE_MEMORY_MB: '' }), {});
});

test('limits are whole megabytes', () => {
  assert.deepEqual(limitsOf({ INGEST_TRACE_MEMORY_MB: '256', INGEST_TRACE_DISK_MB: '4096' }), {
    memoryLimitMb: 256,
    diskLimitMb: 4096,
  });
});

for (const [name, text] of [
  ['INGEST_TRACE_MEMORY_MB', '1GB'],
  ['INGEST_TRACE_MEMORY_MB', '127'],
  ['INGEST_TRACE_DISK_MB', '-1'],
  ['INGEST_TRACE_DISK_MB', '1e9'],
] as const) {
  test(`${name}=${text} is refused`, () => {
    assert.throws(() => limitsOf({ [name]: text }), {
      name: 'WrongUse',
      message: new RegExp(`${name} expects a whole number of megabytes from 128 to \\d+, got "${text}"`),
    });
  });
}
