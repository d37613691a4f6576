/** One cause, one id: across lines that moved, machines, and the noise in messages. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureGroup } from '../../src/stacktrace/failureGroup.ts';
import { maskMessage } from '../../src/stacktrace/maskMessage.ts';

const stack = (line: number, root: string, message: string): string =>
  `IngestError: ${message}\n    at decode (${root}/src/decode.ts:${line}:3)\n    at Worker.run (${root}/src/worker.ts:${line + 1}:5)\n    at node:internal/main:1:1`;

test('lines, machines and messages do not change the group of a stack', () => {
  const group = failureGroup({ type: 'IngestError', message: 'a', stack: stack(3, '/app', 'a') });
  assert.match(group ?? '', /^g1-[0-9a-f]{16}$/);
  assert.equal(failureGroup({ type: 'IngestError', message: 'b', stack: stack(90, '/srv/x', 'object b gone') }), group);
});

test('another function or type is another group', () => {
  const base = stack(3, '/app', 'a');
  const groups = [base, base.replace('decode (', 'inflate ('), base.replaceAll('IngestError', 'GzipError')].map((one) =>
    failureGroup({ stack: one }),
  );
  assert.equal(new Set(groups).size, 3);
});

test('the root cause decides, not what wrapped it', () => {
  const cause = 'Caused by: java.io.EOFException: cut\n\tat com.acme.Gz.read(Gz.java:9)\n';
  const one = failureGroup({ stack: `a.TaskFailed: t-1\n\tat com.acme.Task.run(Task.java:1)\n${cause}` });
  const other = failureGroup({ stack: `a.Retried: t-2\n\tat com.acme.Retry.run(Retry.java:7)\n${cause}` });
  assert.equal(one, other);
});

test('numbers that compilers and bundlers give anew do not count', () => {
  const jvm = (n: number): string => `a.E: x\n\tat com.acme.Task.lambda$run$${n}(Task.java:${n})\n`;
  assert.equal(failureGroup({ stack: jvm(1) }), failureGroup({ stack: jvm(12) }));
  const bundle = (hash: string): string => `E: x\n    at f (https://x/assets/main-${hash}.js:1:2)\n`;
  assert.equal(failureGroup({ stack: bundle('3f9a2b1c') }), failureGroup({ stack: bundle('77aa01ef') }));
});

test('without frames type and masked message decide', () => {
  const one = failureGroup({ type: 'E', message: "no object 'a.gz' of 12 after 3.5 s" });
  assert.equal(failureGroup({ type: 'E', message: "no object 'b.csv' of 7 after 12 s" }), one);
  assert.notEqual(failureGroup({ type: 'F', message: "no object 'b.csv' of 7 after 12 s" }), one);
  assert.notEqual(failureGroup({ type: 'E', message: 'no folder' }), one);
  assert.equal(failureGroup({}), undefined);
});

test('ids stay what they are: index and fallback compare them across versions', () => {
  assert.equal(failureGroup({ type: 'E', message: 'disk full' }), failureGroup({ type: 'E', message: 'disk full' }));
  assert.deepEqual(
    [
      failureGroup({ type: 'TypeError', message: 'x is not a function' }),
      failureGroup({ type: 'IngestError', stack: stack(3, '/app', 'a') }),
    ],
    ['g1-4a7526c7d2ad6a2e', 'g1-877d8a1b30c00ae9'],
  );
});

test('masks what differs in messages', () => {
  for (const [message, masked] of [
    ['GET https://h.example/a?b=1 failed', 'GET {url} failed'],
    ['s3://bucket/key.gz: gone', '{url} gone'],
    ['lease 123e4567-e89b-42d3-a456-426614174000 lost', 'lease {uuid} lost'],
    ['at 2026-11-23T10:00:00.123Z', 'at {date}'],
    ['10.0.0.7:8080 refused', '{ip} refused'],
    ['fe80:0:0:1:2:3:4:5 refused', '{ip} refused'],
    ['address 0xdeadbeef, hash 0123abcdef99', 'address {hex}, hash {hex}'],
    ['took 1.5 s of 20', 'took {number} s of {number}'],
    ['open /var/x/y.gz and C:\\a\\b.txt', 'open {path} and {path}'],
    [`can't read "a b" or 'c' or \`d\``, `can't read {value} or {value} or {value}`],
    ['several\n\tlines   here', 'several lines here'],
  ] as const) {
    assert.equal(maskMessage(message), masked);
  }
});
