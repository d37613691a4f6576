/** The memory limit of an index holds for its tasks and its engines together. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Parameters } from '../../src/index/compileQuery.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { leastEnginesMb, mbOfTasks, memoryShares } from '../../src/index/memoryShares.ts';
import { SharedMemory } from '../../src/index/sharedMemory.ts';
import { readOnlySql } from '../../src/index/readOnlySql.ts';
import { type IndexFixture, indexFixture, lines, query } from './indexFixture.ts';

async function indexTasks({ logs, index }: IndexFixture, key: string, count: number): Promise<void> {
  const tasks = Array.from({ length: count }, (_, at) => ({ task: `${key}-${at}`, message: 'made' }));
  await logs.put(key, lines(...tasks));
  await indexLogs({ logs, index });
}

async function openWith({ index, directory }: IndexFixture, memoryLimitMb: number): Promise<LogIndex> {
  return await LogIndex.open({ store: index, cacheDirectory: join(directory, 'cache'), memoryLimitMb });
}

/** What the engine may take, in megabytes. */
async function engineMb(index: LogIndex): Promise<number> {
  const sql = `SELECT current_setting('memory_limit') AS text`;
  const [row] = await index.read({}, async (reading) => await reading.query({ sql, parameters: new Parameters() }));
  const [, mebibytes = ''] = /^([\d.]+) MiB$/.exec(String(row?.['text'])) ?? [];
  return Math.round(Number(mebibytes) * 1.048576);
}

test('an index whose tasks leave too little for its engines is refused, saying what to do', async () => {
  await using fixture = await indexFixture();
  await indexTasks(fixture, 'a.ndjson', 8_000);
  const neededMb = mbOfTasks(8_000) + leastEnginesMb;
  const small = await openWith(fixture, neededMb - 1);
  const message =
    /^98 MB of memory are needed, and the limit is 97 MB: raise ingestTrace\.engine\.memoryLimitMb \(INGEST_TRACE_MEMORY_MB .* 8000 tasks, which take about 2 MB/;
  await assert.rejects(small.search(query(''), { limit: 1 }), { name: 'IndexError', code: 'memory', message });
  await small.close();
  const enough = await openWith(fixture, neededMb);
  assert.equal((await enough.search(query('made'), { limit: 10_000 })).total, 8_000);
  const { rows } = await readOnlySql(enough, 'SELECT count(*) FROM tasks', { maxRows: 1 });
  assert.deepEqual(rows, [[8_000]]);
  await enough.close();
});

test('the engine has what the tasks leave, and gives way as they become more', async () => {
  await using fixture = await indexFixture();
  await indexTasks(fixture, 'a.ndjson', 10);
  const limitMb = 160;
  const reader = await openWith(fixture, limitMb);
  const before = memoryShares(limitMb, mbOfTasks(10));
  assert.equal(await engineMb(reader), before.engineMb);

  const slow = 'SELECT count(*)::INTEGER AS count FROM range(14000) a(x), range(14000) b(y) WHERE (x * y) % 7 = 1';
  const counted = reader.read({}, async (reading) => await reading.query({ sql: slow, parameters: new Parameters() }));
  const count = 120_000;
  await indexTasks(fixture, 'b.ndjson', count);
  const after = memoryShares(limitMb, mbOfTasks(count + 10));
  assert.equal(await engineMb(reader), after.engineMb);
  assert.ok(after.engineMb < before.engineMb);
  assert.ok(mbOfTasks(count + 10) + after.engineMb + after.sqlMb <= limitMb);
  assert.deepEqual(await counted, [{ count: 24_000_000 }], 'what the engine before was asked is answered');
  assert.equal((await reader.search(query('made'), { limit: 1 })).tasks.length, 1);
  await reader.close();
});

test('SQL takes its share, one statement at a time', async () => {
  await using fixture = await indexFixture();
  await indexTasks(fixture, 'a.ndjson', 10);
  const reader = await openWith(fixture, 128);
  const greedy = 'SELECT array_agg(hash(a)::VARCHAR || hash(a + 1)::VARCHAR) FROM range(3000000) t(a)';
  const message = /raise ingestTrace\.engine\.memoryLimitMb/;
  await assert.rejects(readOnlySql(reader, greedy, { maxRows: 1, spillLimitMb: 8 }), { code: 'memory', message });

  const began = Promise.withResolvers<number>();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = reader.read({}, async ({ sqlInTurn }) => {
    await sqlInTurn(async (memoryLimitMb) => {
      began.resolve(memoryLimitMb);
      await gate.promise;
      order.push('first');
    });
  });
  assert.equal(await began.promise, memoryShares(128, mbOfTasks(10)).sqlMb);
  const count = async (signal?: AbortSignal) => {
    const { rows } = await readOnlySql(reader, 'SELECT count(*) FROM records', {
      maxRows: 1,
      ...(signal && { signal }),
    });
    order.push(`counted ${JSON.stringify(rows)}`);
  };
  const reason = new Error('enough');
  const controller = new AbortController();
  const cancelled = count(controller.signal);
  const second = count();
  assert.equal((await reader.search(query('made'), { limit: 1 })).tasks.length, 1, 'searches go on');
  controller.abort(reason);
  await assert.rejects(cancelled, (error) => error === reason);
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first', 'counted [[10]]']);
  await reader.close();
});

test('indexes of one process keep to the limit together, and the one that is asked has the most of it', async () => {
  await using one = await indexFixture();
  await using other = await indexFixture();
  const [tasksOfOne, tasksOfOther] = [60_000, 50_000];
  await indexTasks(one, 'a.ndjson', tasksOfOne);
  await indexTasks(other, 'b.ndjson', tasksOfOther);
  const [oneMb, otherMb] = [mbOfTasks(tasksOfOne), mbOfTasks(tasksOfOther)];
  const shared = async (memoryLimitMb: number) => {
    const memory = new SharedMemory();
    const open = async ({ index, directory }: IndexFixture) =>
      await LogIndex.open({ store: index, cacheDirectory: join(directory, 'cache'), memoryLimitMb, memory });
    return { first: await open(one), second: await open(other) };
  };

  const bothMb = oneMb + otherMb + leastEnginesMb;
  const roomy = await shared(bothMb);
  assert.equal((await roomy.first.search(query('made'), { limit: 1 })).totalIs, 'exact');
  assert.equal(await engineMb(roomy.second), memoryShares(bothMb, oneMb + otherMb).engineMb);
  assert.equal(await engineMb(roomy.first), memoryShares(bothMb, oneMb + otherMb).engineMb);
  await roomy.second.close();
  assert.equal(await engineMb(roomy.first), memoryShares(bothMb, oneMb).engineMb, 'a closed one takes nothing');
  await roomy.first.close();

  const tightMb = bothMb - 1;
  const tight = await shared(tightMb);
  assert.equal(await engineMb(tight.first), memoryShares(tightMb, oneMb).engineMb);
  const slow = 'SELECT count(*)::INTEGER AS count FROM range(9000) a(x), range(9000) b(y) WHERE (x * y) % 7 = 1';
  const counted = tight.first.read({}, async ({ query: ask, tasks }) => {
    const [row] = await ask({ sql: slow, parameters: new Parameters() });
    return [row?.['count'], tasks.table.partsOf('a.ndjson-7').length, tasks.table.segments[0]?.attempts.length];
  });
  assert.equal(await engineMb(tight.second), memoryShares(tightMb, oneMb + otherMb).engineMb, 'one is being asked');
  assert.deepEqual(await counted, [9_917_633, 1, tasksOfOne], 'what is being asked is left alone');
  assert.equal(await engineMb(tight.second), memoryShares(tightMb, otherMb).engineMb, 'it has given up its tasks');
  assert.equal((await tight.first.search(query('made'), { limit: 1 })).total, tasksOfOne);
  await Promise.all([tight.first.close(), tight.second.close()]);
});
