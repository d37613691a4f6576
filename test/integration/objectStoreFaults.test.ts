/** What the stores do when the world around them fails. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { fileError } from '../../src/store/fileError.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { withKeyLock } from '../../src/store/keyLock.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { S3Store } from '../../src/store/s3Store.ts';
import { StoreError } from '../../src/store/storeError.ts';
import { s3ForTests } from '../rigs/s3Server.ts';

const body = Buffer.from('content');

test('file: unfinished and lock files are never listed, and old ones of killed writers are removed', async (t) => {
  const { folder, store } = await fileStore(t);
  await store.put('a/kept', body);
  await writeFile(join(folder, 'a', '.~fresh.tmp'), 'half');
  await writeFile(join(folder, 'a', '.~old.tmp'), 'half');
  await writeFile(join(folder, 'a', '.~x.lock'), '');
  const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  await utimes(join(folder, 'a', '.~old.tmp'), twoDaysAgo, twoDaysAgo);
  assert.deepEqual(await keys(store), ['a/kept']);
  assert.deepEqual((await readdir(join(folder, 'a'))).sort(), ['.~fresh.tmp', '.~x.lock', 'kept']);
});

test('file: writing leaves nothing behind but the object', async (t) => {
  const { folder, store } = await fileStore(t);
  await store.put('a', body, { onlyIf: 'absent' });
  await store.put('a', body, { onlyIf: 'absent' });
  await store.put('a', body, { onlyIf: { etag: 'another' } });
  await store.put('a', body);
  await assert.rejects(store.put('a/b', body), StoreError);
  assert.deepEqual(await readdir(folder), ['a']);
});

test('file: a name that is taken by a folder or by an object above is refused as a key', async (t) => {
  const { store } = await fileStore(t);
  await store.put('a/b', body);
  for (const options of [{}, { onlyIf: 'absent' }] as const) {
    await assert.rejects(store.put('a', body, options), { code: 'badKey' });
    await assert.rejects(store.put('a/b/c', body, options), { code: 'badKey' });
  }
  await assert.rejects(store.put('x'.repeat(300), body), { code: 'badKey' });
  assert.deepEqual(await keys(store), ['a/b']);
});

test('file: reads what others put there, follows links to files but not to folders', async (t) => {
  const { folder, store } = await fileStore(t);
  await mkdir(join(folder, 'logs'), { recursive: true });
  await writeFile(join(folder, 'logs', 'app.log'), 'line');
  await writeFile(Buffer.concat([Buffer.from(join(folder, 'logs', 'bad-')), Buffer.from([0xff])]), 'no text');
  await symlink(join(folder, 'logs', 'app.log'), join(folder, 'link'));
  await symlink(folder, join(folder, 'logs', 'circle'));
  await symlink('/nowhere/at/all', join(folder, 'dangling'));
  assert.deepEqual(await keys(store), ['link', 'logs/app.log']);
  assert.equal((await store.head('link'))?.sizeBytes, 4);
});

test('file: successors of the same size written in quick succession all differ in etag', async (t) => {
  const { store } = await fileStore(t);
  const etags = new Set<string>();
  for (let turn = 0; turn < 200; turn++) {
    const put = await store.put('key', Buffer.from(String(turn).padStart(4)));
    assert.ok(put.kind === 'stored');
    etags.add(put.etag);
  }
  assert.equal(etags.size, 200);
});

test('file: an etag differs from that of a predecessor from the future', async (t) => {
  const { folder, store } = await fileStore(t);
  await store.put('key', body);
  const future = new Date(Date.now() + 3600_000);
  await utimes(join(folder, 'key'), future, future);
  const before = await store.head('key');
  await store.put('key', body);
  const after = await store.head('key');
  assert.ok(before && after && after.etag !== before.etag);
  assert.ok((await stat(join(folder, 'key'))).mtimeMs > future.getTime());
});

test('file: a lock that a killed process left behind is removed by the next writer, one of a living process is not', async (t) => {
  const { folder } = await fileStore(t);
  await mkdir(folder, { recursive: true });
  const lockPath = join(folder, '.~x.lock');
  let content = '';
  await withKeyLock(lockPath, async () => {
    content = await readFile(lockPath, 'utf8');
    // Taken, by this very process: whoever comes second waits until he is told to stop.
    const controller = new AbortController();
    const second = withKeyLock(lockPath, async () => 'entered', controller.signal);
    controller.abort(new Error('stop waiting'));
    await assert.rejects(second, /stop waiting/);
  });
  const owner = JSON.parse(content) as Record<string, unknown>;
  assert.equal(owner['pid'], process.pid);
  // The same process id, but of a process that started at another time; and an id that no process has.
  for (const dead of [
    ...(process.platform === 'linux' ? [{ ...owner, started: '1' }] : []),
    { ...owner, pid: 2 ** 22 + 1 },
  ]) {
    await writeFile(lockPath, JSON.stringify(dead));
    const waiting = Array.from({ length: 4 }, (_, at) => withKeyLock(lockPath, async () => at));
    assert.deepEqual(await Promise.all(waiting), [0, 1, 2, 3]);
  }
  // One was killed while it removed such a lock.
  await writeFile(lockPath, JSON.stringify({ ...owner, pid: 2 ** 22 + 1 }));
  await writeFile(`${lockPath}-break`, '');
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(`${lockPath}-break`, longAgo, longAgo);
  assert.equal(await withKeyLock(lockPath, async () => 'entered'), 'entered');
  assert.deepEqual(await readdir(folder), []);
});

const noProc = process.platform === 'linux' ? false : 'only Linux has a /proc';

test('file: where no folder can be made, a write says so', { timeout: 20_000, skip: noProc }, async () => {
  const store = new FileStore('file:///proc/no/such/folder');
  await assert.rejects(store.put('deep/key', body), { name: 'StoreError', message: /\/proc\/no/ });
});

test('file: only one at a time holds the lock', async (t) => {
  const { folder } = await fileStore(t);
  await mkdir(folder, { recursive: true });
  let inside = 0;
  await Promise.all(
    Array.from({ length: 20 }, () =>
      withKeyLock(join(folder, '.~x.lock'), async () => {
        assert.equal(++inside, 1);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      }),
    ),
  );
});

test('file: says that the disk is full, or that access is denied', async (t) => {
  const full = fileError(Object.assign(new Error('x'), { errno: -28, code: 'ENOSPC' }), 'write', '/disk/key');
  assert.ok(full instanceof StoreError && full.code === 'full' && full.message.includes('/disk/key'));
  const noRoom = '/dev/full';
  if (process.platform === 'linux') {
    // The real thing: a write there always fails for want of space.
    const failure: unknown = await writeFile(noRoom, 'x').catch((error: unknown) => error);
    const mapped = fileError(failure, 'write', noRoom);
    assert.ok(mapped instanceof StoreError && mapped.code === 'full');
  }
  const { folder, store } = await fileStore(t);
  await store.put('a/b', body);
  if (process.getuid?.() === 0) {
    // Root may write anywhere, but to what the kernel alone writes.
    await assert.rejects(new FileStore('file:///proc/sys').put('x', body), { name: 'StoreError' });
    return;
  }
  await chmod(join(folder, 'a'), 0);
  t.after(() => chmod(join(folder, 'a'), 0o755));
  await assert.rejects(store.put('a/c', body), { code: 'denied' });
  await assert.rejects(store.get('a/b'), { code: 'denied' });
  await assert.rejects(keys(store), { code: 'denied' });
});

test('a URL that names no store is refused', () => {
  for (const url of [
    '',
    'logs',
    'http://x/y',
    'file://host/share',
    's3://',
    's3://b',
    's3://key:secret@bucket/x',
    's3://bucket/a/../b',
  ]) {
    assert.throws(() => openStore(url), { code: 'badKey' }, url);
  }
  assert.equal(openStore('file:///tmp/x/').url, 'file:///tmp/x');
  assert.equal(openStore('s3://bucket/a/b/').url, 's3://bucket/a/b');
  assert.equal(openStore('s3://bucket').url, 's3://bucket');
});

test('S3: names what is wrong with credentials, bucket and endpoint, and gives no secret away', async (t) => {
  const server = await s3ForTests(t);
  if (!server) return;
  t.after(() => server.stop());
  const bucket = await server.createBucket();
  const options = { endpoint: server.endpoint, region: server.region, forcePathStyle: true };
  const attempt = async (url: string, more: object = {}) => {
    const store = new S3Store(url, { ...options, ...more });
    const failures: StoreError[] = [];
    for (const work of [
      () => store.put('k', body),
      () => store.get('k'),
      () => keys(store),
      () => store.listFolders(''),
    ]) {
      const failure: unknown = await work().then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(failure instanceof StoreError, inspect(failure));
      failures.push(failure);
    }
    await store.close();
    return failures;
  };

  const missing = await attempt('s3://no-such-bucket-here');
  assert.deepEqual(codes(missing), Array(4).fill('missingBucket'));
  assert.match(missing[0]?.message ?? '', /no-such-bucket-here/);

  const unreachable = await attempt(`s3://${bucket}`, { endpoint: 'http://127.0.0.1:1' });
  assert.deepEqual(codes(unreachable), Array(4).fill('unreachable'));
  assert.match(unreachable[0]?.message ?? '', /127\.0\.0\.1:1/);

  const wrong = 'wrong-secret-0123456789';
  process.env['AWS_SECRET_ACCESS_KEY'] = wrong;
  try {
    const denied = await attempt(`s3://${bucket}/x`);
    assert.deepEqual(codes(denied), Array(4).fill('denied'));
    assert.match(denied[0]?.message ?? '', /'x\/k' in bucket/);
    const shown = inspect([...denied, ...missing], { depth: 10, showHidden: true });
    for (const secret of [wrong, server.accessKeyId, server.secretAccessKey]) assert.ok(!shown.includes(secret));
  } finally {
    process.env['AWS_SECRET_ACCESS_KEY'] = server.secretAccessKey;
  }
});

test('S3: says what to set when no region is known', async (t) => {
  const names = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_CONFIG_FILE'];
  const kept = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  t.after(() => {
    for (const name of names) {
      if (kept[name] === undefined) delete process.env[name];
      else process.env[name] = kept[name];
    }
  });
  for (const name of names) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = join(tmpdir(), 'no such file');
  const store = new S3Store('s3://bucket');
  await assert.rejects(store.head('k'), { code: 'unreachable', message: /AWS_REGION/ });
  await store.close();
});

test('S3: slows down and tries again when asked to, and says so when that does not help', async (t) => {
  const server = await fakeS3(t);
  server.answers.push(slowDown, slowDown, stored);
  assert.equal((await server.store.put('k', body)).kind, 'stored');
  assert.equal(server.requests.length, 3);
  server.answers.push(...Array(20).fill(slowDown));
  await assert.rejects(server.store.head('k'), { code: 'throttled' });
});

test('S3: a listing that waits ends with the reason of the signal: for an answer, and until it may ask again', async (t) => {
  const server = await fakeS3(t);
  const reason = new Error('enough');
  const answers: { readonly name: string; readonly answer: Answer }[] = [
    { name: 'no answer', answer: () => undefined },
    { name: 'told to slow down', answer: slowDown },
  ];
  // No pause between two tries ends while this lasts.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const { name, answer } of answers) {
    const asked = Promise.withResolvers<void>();
    server.answers.push((request, response) => {
      answer(request, response);
      asked.resolve();
    });
    const controller = new AbortController();
    const listing = Array.fromAsync(server.store.list({ signal: controller.signal }));
    await asked.promise;
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    controller.abort(reason);
    await assert.rejects(listing, (error) => error === reason, name);
  }
  assert.deepEqual(server.requests, ['GET', 'GET']);
});

test('S3: a conflict of conditional writes is tried again, and refused when another has won', async (t) => {
  const server = await fakeS3(t);
  server.answers.push(conflict, conflict, stored);
  assert.equal((await server.store.put('k', body, { onlyIf: 'absent' })).kind, 'stored');
  server.answers.push(conflict, failedCondition, (_, answer) => answer.writeHead(200, { etag: '"theirs"' }).end());
  assert.deepEqual(await server.store.put('k', body, { onlyIf: 'absent' }), { kind: 'refused' });
  server.answers.push(failedCondition);
  assert.deepEqual(await server.store.put('k', body, { onlyIf: 'absent' }), { kind: 'refused' });
});

test('S3: a write whose answer was lost knows its own work when the retry is refused', async (t) => {
  const server = await fakeS3(t);
  let writeId: string | undefined;
  server.answers.push(
    (request) => {
      writeId = String(request.headers['x-amz-meta-ingest-trace-write']);
      request.socket.destroy();
    },
    failedCondition,
    (_, answer) => answer.writeHead(200, { etag: '"ours"', 'x-amz-meta-ingest-trace-write': writeId ?? '' }).end(),
  );
  assert.deepEqual(await server.store.put('k', body, { onlyIf: 'absent' }), { kind: 'stored', etag: '"ours"' });
  assert.deepEqual(server.requests, ['PUT', 'PUT', 'HEAD']);
});

test('S3: a body that is cut is an error, not a short object', async (t) => {
  const server = await fakeS3(t);
  server.answers.push((_, answer) => {
    answer.writeHead(200, { 'content-length': 1000, etag: '"e"' });
    answer.write(Buffer.alloc(400, 'x'), () => setImmediate(() => answer.destroy()));
  });
  const got = await server.store.get('k');
  assert.ok(got);
  await assert.rejects(Array.fromAsync(got.body), { code: 'unreachable', message: /was cut after \d+ of 1000 bytes/ });
});

type Answer = (request: IncomingMessage, answer: ServerResponse) => unknown;

const slowDown: Answer = (_, answer) =>
  answer.writeHead(503, { 'content-type': 'application/xml' }).end('<Error><Code>SlowDown</Code></Error>');
const conflict: Answer = (_, answer) =>
  answer.writeHead(409).end('<Error><Code>ConditionalRequestConflict</Code></Error>');
const failedCondition: Answer = (_, answer) =>
  answer.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
const stored: Answer = (_, answer) => answer.writeHead(200, { etag: '"e"' }).end();

/** Answers in turn as it is told: for what a real server cannot be made to do. */
async function fakeS3(t: TestContext): Promise<{ store: S3Store; answers: Answer[]; requests: string[] }> {
  const answers: Answer[] = [];
  const requests: string[] = [];
  const server = createServer((request, answer) => {
    requests.push(request.method ?? '');
    request.resume();
    request.once('end', () => (answers.shift() ?? stored)(request, answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  const store = new S3Store('s3://bucket', { endpoint: `http://127.0.0.1:${address.port}`, forcePathStyle: true });
  t.after(async () => {
    await store.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { store, answers, requests };
}

async function fileStore(t: TestContext): Promise<{ folder: string; store: FileStore }> {
  const parent = await mkdtemp(join(tmpdir(), 'ingest-trace-store-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'store');
  return { folder, store: new FileStore(pathToFileURL(folder).href) };
}

async function keys(store: ObjectStore): Promise<string[]> {
  return (await Array.fromAsync(store.list())).map(({ key }) => key);
}

function codes(errors: readonly StoreError[]): string[] {
  return errors.map(({ code }) => code);
}
