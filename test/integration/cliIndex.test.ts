/** `index` and `index status` as processes: what cannot be read, and what is too old. Needs `npm run build`. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { LogFolder } from './logFolder.ts';

const command = join(import.meta.dirname, '../../dist/cli.mjs');

interface Ended {
  readonly code: number;
  readonly stderr: string;
  readonly lines: readonly Record<string, unknown>[];
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      [command, ...args, '--json'],
      { env: { ...process.env, ...env } },
      (error, out, stderr) => {
        const lines = out.split('\n').filter((line) => line !== '');
        resolve({
          code: Number(error?.code ?? 0),
          stderr,
          lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
        });
      },
    );
  });
}

/** An S3 that lists one log object and does not let it be read. */
async function denyingS3() {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://s3');
    response.setHeader('content-type', 'application/xml');
    if (!url.searchParams.has('list-type')) {
      response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
      return;
    }
    response.end(
      '<ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents>' +
        '<Key>logs/closed.ndjson</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag><Size>9</Size>' +
        '</Contents></ListBucketResult>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
}

test('index tells what it cannot read, exits with 3, and lists it once it has given up', async () => {
  await using folder = await LogFolder.create();
  await using s3 = await denyingS3();
  const index = folder.urlOf('index');
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' };
  const args = [
    'index',
    '--logs',
    's3://bucket/logs',
    '--endpoint',
    s3.endpoint,
    '--region',
    'us-east-1',
    '--index',
    index,
  ];
  for (let pass = 1; pass <= 5; pass++) {
    const { code, stderr, lines } = await run(args, env);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /closed\.ndjson could not be read: .*access/i);
    assert.match(stderr, pass < 5 ? /it is tried again/ : /set aside after 5 tries/);
    assert.deepEqual([lines.at(-1)?.['unread'], lines.at(-1)?.['objects']], [1, 0]);
  }
  const settled = await run(args, env);
  assert.deepEqual([settled.code, settled.lines.at(-1)?.['unread']], [0, 0]);
  const [rejected] = (await run(['index', 'status', '--rejected', '--index', index])).lines;
  assert.deepEqual([rejected?.['key'], rejected?.['offset']], ['closed.ndjson', 0]);
  assert.match(String(rejected?.['reason']), /^could not be read: .*\(tried 5 times\)$/);
  assert.equal((await run([...args, '--retry'], env)).code, 3);
});

test('index --retain drops what is older, and refuses what is no duration', async () => {
  await using folder = await LogFolder.create();
  const now = Date.now();
  await folder.ship({ ts: now - 3 * 86_400_000, task: 'old' });
  const args = ['index', '--logs', folder.urlOf('logs'), '--index', folder.urlOf('index')];
  assert.equal((await run(args)).lines.at(-1)?.['records'], 1);
  await folder.ship({ ts: now, task: 'new' });
  const wrong = await run([...args, '--retain', '2']);
  assert.deepEqual([wrong.code, wrong.lines], [2, []]);
  assert.match(wrong.stderr, /--retain: expected a duration of a day or more, such as "90d", got "2"/);
  assert.equal((await run([...args, '--retain', '2d'])).lines.at(-1)?.['records'], 1);
  const [status] = (await run(['index', 'status', '--index', folder.urlOf('index')])).lines;
  assert.deepEqual([status?.['records'], status?.['tasks']], [1, 1]);
  assert.equal((await run(args)).lines.at(-1)?.['records'], 0, 'it is not indexed again');
});
