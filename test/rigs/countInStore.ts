/** One of several processes that write the same objects at once: counts `counter` up by conditional replace, and creates keys. */

import type { S3Options } from '../../src/model/environment.ts';
import { openStore } from '../../src/store/openStore.ts';

const { url, s3, increments } = JSON.parse(process.argv[2] ?? '') as {
  readonly url: string;
  readonly s3?: S3Options;
  readonly increments: number;
};

const store = openStore(url, s3);
for (let done = 0; done < increments; ) {
  const got = await store.get('counter');
  if (got === undefined) throw new Error('the counter is gone');
  const count = Number(Buffer.concat(await Array.fromAsync(got.body)).toString('utf8'));
  const put = await store.put('counter', Buffer.from(String(count + 1)), { onlyIf: { etag: got.info.etag } });
  if (put.kind === 'refused') continue;
  const key = `created/${done++}`;
  if ((await store.put(key, Buffer.from(String(process.pid)), { onlyIf: 'absent' })).kind === 'stored')
    console.log(key);
}
await store.close();
