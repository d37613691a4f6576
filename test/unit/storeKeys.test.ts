/** Which keys a store takes, and in which order they stand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compareKeys } from '../../src/store/compareKeys.ts';
import { s3Error } from '../../src/store/s3Error.ts';
import { parseS3Url } from '../../src/store/s3Url.ts';
import { checkKey, keyProblem, printable } from '../../src/store/storeKey.ts';
import { StoreError } from '../../src/store/storeError.ts';

test('keys stand in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
      assert.equal(Math.sign(compareKeys(left, right)), Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { seed: 20261123, numRuns: 2000 },
  );
});

test('a key stays inside its store, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '\\', '~', '\0', ' ', '\ud800', 'ü') }), (key) => {
      if (keyProblem(key) !== undefined) {
        assert.throws(() => checkKey(key), { code: 'badKey' });
        return;
      }
      assert.equal(
        new URL(key.split('/').map(encodeURIComponent).join('/'), 'file:///root/').href.startsWith('file:///root/'),
        true,
      );
      assert.ok(!key.split('/').some((part) => part === '' || part === '.' || part === '..' || part.startsWith('.~')));
    }),
    { seed: 20261123, numRuns: 2000 },
  );
});

test('a key is shown on one line of bounded length', () => {
  assert.equal(printable('a\nb\u001b[31mc'), 'a?b?[31mc');
  assert.ok(printable('x'.repeat(10_000)).length < 250);
});

test('an S3 URL names bucket and prefix', () => {
  assert.deepEqual(parseS3Url('s3://bucket'), { bucket: 'bucket', prefix: '' });
  assert.deepEqual(parseS3Url('s3://my.bucket-1/a/b c//'), { bucket: 'my.bucket-1', prefix: 'a/b c' });
  for (const url of [
    's3://',
    's3:///x',
    's3://Bucket',
    's3://b',
    'https://bucket/x',
    's3://bucket/a//b',
    's3://u:p@bucket',
  ])
    assert.throws(() => parseS3Url(url), { code: 'badKey' }, url);
});

test('an SDK error is told apart by name, network code and status', () => {
  const error = (name: string, more: object = {}) => Object.assign(new Error('secret text'), { name, ...more });
  const cases: readonly (readonly [Error, string])[] = [
    [error('NoSuchBucket', { $metadata: { httpStatusCode: 404 } }), 'missingBucket'],
    [error('AccessDenied', { $metadata: { httpStatusCode: 403 } }), 'denied'],
    [error('403', { $metadata: { httpStatusCode: 403 } }), 'denied'],
    [error('CredentialsProviderError'), 'denied'],
    [error('SlowDown', { $metadata: { httpStatusCode: 503 } }), 'throttled'],
    [error('Error', { code: 'ECONNREFUSED' }), 'unreachable'],
    [new AggregateError([error('Error', { code: 'ECONNREFUSED' })]), 'unreachable'],
    [error('TimeoutError'), 'unreachable'],
    [error('InternalError', { $metadata: { httpStatusCode: 500 } }), 'io'],
  ];
  for (const [cause, code] of cases) {
    const mapped = s3Error(cause, 'read', { bucket: 'b', key: 'k' });
    assert.ok(mapped instanceof StoreError);
    assert.equal(mapped.code, code, cause.name);
    assert.ok(!mapped.message.includes('secret text') && mapped.message.includes("'k' in bucket 'b'"));
  }
});
