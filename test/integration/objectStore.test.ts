/** What every object store promises, asked of the file store and of the S3 store on a real server. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { S3Options } from '../../src/model/environment.ts';
import { compareKeys } from '../../src/store/compareKeys.ts';
import type { ListOptions, ObjectStore } from '../../src/store/objectStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { StoreError, type StoreErrorCode } from '../../src/store/storeError.ts';
import { missingForS3, type S3Server, startS3Server } from '../rigs/s3Server.ts';
import { skipWithout } from '../rigs/systemPart.ts';

interface Place {
  readonly url: string;
  readonly s3?: S3Options;
}

/** A new, empty store for each call; `close` ends what was needed for it. */
interface Rig {
  fresh(): Promise<Place>;
  close(): Promise<void>;
}

describe('file store', () => contract(fileRig));

describe('S3 store', () => {
  const missing = missingForS3();
  if (missing === undefined) contract(s3Rig);
  else test('on a real server', (t) => skipWithout(t, missing));
});

async function fileRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-store-'));
  let count = 0;
  return {
    fresh: async () => ({ url: pathToFileURL(join(folder, String(count++), 'not yet there')).href }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function s3Rig(): Promise<Rig> {
  const server: S3Server = await startS3Server();
  Object.assign(process.env, server.credentials);
  return {
    fresh: async () => ({
      url: `s3://${await server.createBucket()}/some/prefix`,
      s3: { endpoint: server.endpoint, region: server.region, forcePathStyle: true },
    }),
    close: () => server.stop(),
  };
}

function contract(start: () => Promise<Rig>): void {
  let rig: Rig;
  const opened: ObjectStore[] = [];
  before(async () => {
    rig = await start();
  });
  after(async () => {
    for (const store of opened) await store.close();
    await rig.close();
  });
  const open = async (): Promise<ObjectStore> => {
    const { url, s3 } = await rig.fresh();
    const store = openStore(url, s3);
    opened.push(store);
    return store;
  };

  test('gives back what was put, with its size, time and etag', async () => {
    const store = await open();
    const startMs = Date.now();
    const put = await store.put('a/b.txt', bytes('hello'), { contentType: 'text/plain' });
    assert.equal(put.kind, 'stored');
    const got = await store.get('a/b.txt');
    assert.ok(got);
    assert.equal(await textOf(got.body), 'hello');
    assert.equal(got.info.key, 'a/b.txt');
    assert.equal(got.info.sizeBytes, 5);
    assert.equal(got.info.etag, put.kind === 'stored' && put.etag);
    assert.ok(Math.abs(got.info.lastModifiedMs - startMs) < 60_000);
    const head = await store.head('a/b.txt');
    assert.equal(head?.etag, got.info.etag);
    const [listed] = await all(store);
    assert.deepEqual([listed?.key, listed?.sizeBytes, listed?.etag], ['a/b.txt', 5, got.info.etag]);
  });

  test('says of a missing object that it is not there, and deletes it without complaint', async () => {
    const store = await open();
    assert.equal(await store.get('no/such'), undefined);
    assert.equal(await store.head('no/such'), undefined);
    assert.equal(await store.get('no/such', { range: { start: 3, end: 3 } }), undefined);
    await store.delete('no/such');
    assert.deepEqual(await keys(store), []);
    assert.deepEqual(await store.listFolders(''), []);
    await store.put('no', bytes('x'));
    assert.equal(await store.head('no/such'), undefined);
    assert.equal(await store.get('no/such'), undefined);
  });

  test('deletes an object, and shows no folder that is empty', async () => {
    const store = await open();
    await store.put('deep/er/one', bytes('1'));
    await store.put('two', bytes('2'));
    await store.delete('deep/er/one');
    assert.equal(await store.get('deep/er/one'), undefined);
    assert.deepEqual(await keys(store), ['two']);
    assert.deepEqual(await store.listFolders(''), []);
  });

  test('reads ranges, also beyond the end and of nothing', async () => {
    const store = await open();
    await store.put('digits', bytes('0123456789'));
    const read = async (start: number, end?: number) => {
      const got = await store.get('digits', { range: end === undefined ? { start } : { start, end } });
      assert.equal(got?.info.sizeBytes, 10, 'the size is that of the object, not of the range');
      return textOf(got.body);
    };
    assert.equal(await read(0), '0123456789');
    assert.equal(await read(3, 7), '3456');
    assert.equal(await read(0, 1), '0');
    assert.equal(await read(8), '89');
    assert.equal(await read(8, 100), '89');
    assert.equal(await read(4, 4), '');
    assert.equal(await read(10), '');
    assert.equal(await read(50, 60), '');
  });

  test('holds empty objects and large ones', async () => {
    const store = await open();
    const large = Buffer.alloc(3_000_001, 'abcdefg');
    await store.put('empty', new Uint8Array());
    await store.put('large', large);
    assert.equal(await textOf((await store.get('empty'))?.body), '');
    const body = (await store.get('large'))?.body;
    assert.ok(body && large.equals(await bytesOf(body)));
  });

  test('replaces an object whole, and its etag changes even when only the bytes differ', async () => {
    const store = await open();
    const etags = new Set<string>();
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd']) {
      const put = await store.put('key', bytes(text));
      assert.ok(put.kind === 'stored');
      etags.add(put.etag);
      assert.equal((await store.head('key'))?.etag, put.etag);
      assert.equal(await textOf((await store.get('key'))?.body), text);
    }
    assert.equal(etags.size, 4);
  });

  test('a reader of a replaced object reads the old one or the new one, never a mixture', async () => {
    const store = await open();
    const versions = ['x', 'y'].map((letter) => Buffer.alloc(600_000, letter));
    await store.put('key', versions[0] ?? Buffer.alloc(0));
    const writing = (async () => {
      for (let turn = 1; turn <= 10; turn++) await store.put('key', versions[turn % 2] ?? Buffer.alloc(0));
    })();
    for (let turn = 0; turn < 10; turn++) {
      const got = await store.get('key');
      assert.ok(got);
      const read = await bytesOf(got.body);
      assert.ok(versions.some((version) => version.equals(read)));
    }
    await writing;
  });

  test('creates only where there is nothing', async () => {
    const store = await open();
    assert.equal((await store.put('once', bytes('first'), { onlyIf: 'absent' })).kind, 'stored');
    assert.equal((await store.put('once', bytes('second'), { onlyIf: 'absent' })).kind, 'refused');
    assert.equal(await textOf((await store.get('once'))?.body), 'first');
    await store.delete('once');
    assert.equal((await store.put('once', bytes('third'), { onlyIf: 'absent' })).kind, 'stored');
  });

  test('replaces only the version that was meant', async () => {
    const store = await open();
    const first = await store.put('key', bytes('1'));
    assert.ok(first.kind === 'stored');
    const second = await store.put('key', bytes('2'), { onlyIf: { etag: first.etag } });
    assert.ok(second.kind === 'stored');
    assert.equal((await store.put('key', bytes('3'), { onlyIf: { etag: first.etag } })).kind, 'refused');
    assert.equal(await textOf((await store.get('key'))?.body), '2');
    await store.delete('key');
    assert.equal((await store.put('key', bytes('4'), { onlyIf: { etag: second.etag } })).kind, 'refused');
    assert.equal(await store.head('key'), undefined);
    assert.deepEqual(await keys(store), []);
  });

  test('of many that create the same key at once exactly one wins', async () => {
    const store = await open();
    for (let round = 0; round < 5; round++) {
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, writer) =>
          store.put(`race/${round}`, bytes(`writer ${writer}`), { onlyIf: 'absent' }),
        ),
      );
      const winners = results.flatMap((result, writer) => (result.kind === 'stored' ? [writer] : []));
      assert.equal(winners.length, 1);
      assert.equal(await textOf((await store.get(`race/${round}`))?.body), `writer ${winners[0]}`);
    }
    assert.equal((await keys(store)).length, 5);
  });

  test('no increment is lost when processes count up together by conditional replace', async () => {
    const { url, s3 } = await rig.fresh();
    const store = openStore(url, s3);
    opened.push(store);
    await store.put('counter', bytes('0'));
    const script = join(import.meta.dirname, '../rigs/countInStore.ts');
    const increments = 15;
    const counted = await Promise.all(
      Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, [script, JSON.stringify({ url, s3, increments })]),
      ),
    );
    assert.equal(await textOf((await store.get('counter'))?.body), String(4 * increments));
    // Each of them also tried to create the same keys: each key has one creator.
    const created = counted.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
    assert.deepEqual(created.sort(), Array.from({ length: increments }, (_, at) => `created/${at}`).sort());
  });

  test('lists whole keys in the order of UTF-8 bytes', async () => {
    const store = await open();
    const names = ['a', 'a-b/1', 'a.b', 'a!', 'ab/c', 'b/c/d', 'b/c-d', 'b/c', 'z', 'é', '\uff5e', '😀', 'Z/1', 'a0'];
    const wanted = names.filter((name) => name !== 'b/c').concat('b/c.d', 'a b/1');
    for (const name of wanted) await store.put(name, bytes(name));
    const expected = [...wanted].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    assert.deepEqual(await keys(store), expected);
    assert.deepEqual([...wanted].sort(compareKeys), expected);
    for (const startAfter of [...wanted, 'a', 'b/', 'b/c/', 'a/', '\u{10ffff}', '0'])
      assert.deepEqual(
        await keys(store, { startAfter }),
        expected.filter((key) => compareKeys(key, startAfter) > 0),
        `after ${startAfter}`,
      );
    for (const prefix of ['a', 'a-', 'b/', 'b/c', 'b/c/', 'nothing', '😀'])
      assert.deepEqual(
        await keys(store, { prefix }),
        expected.filter((key) => key.startsWith(prefix)),
        `below ${prefix}`,
      );
    assert.deepEqual(await keys(store, { prefix: 'b/', startAfter: 'b/c-d' }), ['b/c.d', 'b/c/d']);
    assert.deepEqual(await store.listFolders(''), ['Z/', 'a b/', 'a-b/', 'ab/', 'b/']);
    assert.deepEqual(await store.listFolders('a'), ['a b/', 'a-b/', 'ab/']);
    assert.deepEqual(await store.listFolders('b/'), ['b/c/']);
    assert.deepEqual(await keys(store, { prefix: 'b/', depth: 'level' }), ['b/c-d', 'b/c.d']);
    assert.deepEqual(
      await keys(store, { depth: 'level' }),
      expected.filter((key) => !key.includes('/')),
    );
  });

  test('keeps keys with odd characters as they are', async () => {
    const store = await open();
    const odd = [
      'a b',
      ' a',
      'a+b',
      'a%20b',
      '100%',
      'ü/é',
      'a&b=c?d',
      '#x',
      "it's",
      '"q"',
      '<t>&amp;',
      '~',
      'a:b',
      '日本/語',
      'a@b,c;d',
      '$(x)',
      '*',
      '[x]',
      '.hidden',
      'dt=2026-01-01/hr=00/w-1.gz',
    ];
    for (const key of odd)
      assert.equal((await store.put(key, bytes(`of ${key}`), { onlyIf: 'absent' })).kind, 'stored');
    for (const key of odd) {
      assert.equal(await textOf((await store.get(key))?.body), `of ${key}`);
      assert.deepEqual(
        await keys(store, { prefix: key }),
        odd.filter((other) => other.startsWith(key)).sort(compareKeys),
      );
    }
    assert.deepEqual(await keys(store), [...odd].sort(compareKeys));
    for (const key of odd) await store.delete(key);
    assert.deepEqual(await keys(store), []);
  });

  test('refuses to write keys that not every store can hold', async () => {
    const store = await open();
    const bad = [
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'a/./b',
      'a\\b',
      'a\0b',
      'a\nb',
      '\ud800',
      '.~x',
      'a/.~lock',
      'x'.repeat(1025),
    ];
    for (const key of bad) await assert.rejects(store.put(key, bytes('x')), hasCode('badKey'), JSON.stringify(key));
    assert.deepEqual(await keys(store), []);
  });

  test('lists more than a page holds, from any key on', async () => {
    const store = await open();
    const names = Array.from({ length: 1205 }, (_, at) => `many/${String(at % 7)}/${String(at).padStart(5, '0')}`);
    for (let at = 0; at < names.length; at += 16)
      await Promise.all(names.slice(at, at + 16).map((name) => store.put(name, bytes('x'))));
    const expected = [...names].sort(compareKeys);
    assert.deepEqual(await keys(store), expected);
    assert.deepEqual(await keys(store, { startAfter: expected[100] ?? '' }), expected.slice(101));
    assert.deepEqual(await keys(store, { prefix: 'many/', startAfter: expected[1100] ?? '' }), expected.slice(1101));
    assert.deepEqual(
      await store.listFolders('many/'),
      ['0', '1', '2', '3', '4', '5', '6'].map((name) => `many/${name}/`),
    );
    assert.deepEqual(await store.listFolders(''), ['many/']);
    // Whoever has seen enough stops.
    for await (const { key } of store.list()) {
      assert.equal(key, expected[0]);
      break;
    }
  });

  test('ends with the reason of the signal: before, during and between', async () => {
    const store = await open();
    await store.put('large', Buffer.alloc(3_000_000, 'x'));
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(store.get('large', { signal }), reason);
    await assert.rejects(store.head('large', signal), reason);
    await assert.rejects(store.put('other', bytes('x'), { signal }), reason);
    await assert.rejects(store.delete('large', signal), reason);
    await assert.rejects(keys(store, { signal }), reason);
    await assert.rejects(store.listFolders('', signal), reason);
    assert.deepEqual(await keys(store), ['large']);

    const controller = new AbortController();
    const got = await store.get('large', { signal: controller.signal });
    assert.ok(got);
    await assert.rejects(async () => {
      for await (const chunk of got.body) if (chunk.length > 0) controller.abort(reason);
    }, reason);

    const after = new AbortController();
    const whole = await store.get('large', { signal: after.signal });
    assert.equal((await bytesOf(whole?.body ?? empty())).length, 3_000_000);
    after.abort(reason);
  });

  test('a body that is left early or destroyed ends its transfer', async () => {
    const store = await open();
    await store.put('large', Buffer.alloc(3_000_000, 'x'));
    // More often than there are connections: a leaked one would be missing in the end.
    for (let turn = 0; turn < 40; turn++) {
      const got = await store.get('large');
      assert.ok(got);
      if (turn % 2 === 0) got.body.destroy?.();
      else for await (const chunk of got.body) if (chunk.length > 0) break;
    }
    assert.equal((await store.head('large'))?.sizeBytes, 3_000_000);
  });
}

function hasCode(code: StoreErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

async function* empty(): AsyncGenerator<Uint8Array, void> {
  // Nothing in it.
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function textOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  return body && (await bytesOf(body)).toString('utf8');
}

async function all(store: ObjectStore, options?: ListOptions) {
  return Array.fromAsync(store.list(options));
}

async function keys(store: ObjectStore, options?: ListOptions): Promise<string[]> {
  return (await all(store, options)).map(({ key }) => key);
}
