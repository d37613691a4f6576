/** The index on a real S3: the same promises as in a folder. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { assertIndexedOnce, indexFixture, lines, onS3, putLogs, query } from './indexFixture.ts';

test('two indexers on S3 index each record once; an object back to its old content counts again', async (t) => {
  await using fixture = await indexFixture();
  await onS3(t, async (logs, index) => {
    await putLogs(logs, 12);
    const limits = { objects: 3 };
    const summaries = await Promise.all([1, 2].map(() => indexLogs({ logs, index, limits })));
    assert.equal(
      summaries.reduce((sum, { objects }) => sum + objects, 0),
      12,
    );
    const reader = await fixture.reader(index);
    await assertIndexedOnce(reader, logs);

    // On S3 the ETag tells the content: the third writing has the first one's.
    for (const status of ['failed', 'succeeded', 'failed']) {
      await logs.put('same.ndjson', lines({ task: 'same', event: `task.${status}` }));
      await indexLogs({ logs, index });
      const { tasks } = await reader.search(query('id:same'), { limit: 2 });
      assert.deepEqual(
        tasks.map((task) => task.status),
        [status],
      );
      await assertIndexedOnce(reader, logs);
    }
  });
});
