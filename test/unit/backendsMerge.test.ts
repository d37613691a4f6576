import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decodeCursor, encodeCursor } from '../../src/backends/answerCursor.ts';
import { BackendError } from '../../src/backends/backendError.ts';
import type { LiveTasks } from '../../src/backends/liveBackend.ts';
import { judgeLive, liveFilter } from '../../src/backends/liveFilter.ts';
import { mapBounded } from '../../src/backends/mapBounded.ts';
import { mergeDetail, mergeTasks, type PastRows } from '../../src/backends/mergeTasks.ts';
import { formatCursor, parseCursor } from '../../src/index/cursor.ts';
import { compareTasks, sortPosition } from '../../src/model/query/compareTasks.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import type { FoldedTask } from '../../src/model/task.ts';

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs: 1_000_000 });
  assert.equal(parsed.kind, 'query', text);
  return parsed.query;
}

function task(id: string, lastTs: number, fields: Partial<FoldedTask> = {}): FoldedTask {
  const base = { task: id, status: 'running', attempts: 1, firstTs: 0, lastTs, durationMs: lastTs } as const;
  return { ...base, ...fields };
}

function held(tasks: { matching?: FoldedTask[]; undecided?: FoldedTask[]; others?: FoldedTask[] }): LiveTasks {
  const byId = (list: FoldedTask[] = []) => new Map(list.map((each) => [each.task, each]));
  return {
    matching: byId(tasks.matching),
    undecided: byId(tasks.undecided),
    others: byId(tasks.others),
    isVolatile: false,
    from: [],
  };
}

/** The page of an index that holds `all`, which are in order. */
function pageOf(all: readonly FoldedTask[], limit: number, cursor?: string): PastRows {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const start = after ? all.findIndex(({ task }) => task === after.task) + 1 : 0;
  const tasks = all.slice(start, start + limit);
  const last = tasks.at(-1);
  const next = last && start + limit < all.length ? { cursor: encodeCursor(sortPosition({})(last)) } : {};
  return { tasks, total: all.length, totalIs: 'exact', ...next };
}

suite('mergeTasks', () => {
  test('prefers live for a task that both know, with what only its records tell', () => {
    const past = pageOf([task('t-1', 50, { status: 'assigned', key: 'a.csv' })], 10);
    const merged = mergeTasks(query(''), held({ matching: [task('t-1', 90, { attempts: 2 })] }), past, 10, undefined);
    assert.deepEqual(merged.tasks, [task('t-1', 90, { attempts: 2, key: 'a.csv' })]);
    assert.deepEqual([merged.total, merged.totalIs], [1, 'exact']);
  });

  test('drops a row that live knows better, and keeps one that only records tell', () => {
    const past = pageOf([task('gone', 60), task('kept', 50, { docs: 3 })], 10);
    const now = held({ others: [task('gone', 70, { status: 'failed' })], undecided: [task('kept', 80)] });
    const merged = mergeTasks(query('status:running x'), now, past, 10, undefined);
    assert.deepEqual(merged.tasks, [task('kept', 80, { docs: 3 })]);
    assert.equal(merged.total, 1);
  });

  for (const limit of [1, 2, 3, 7, 100]) {
    test(`shows every task once over pages of ${limit}`, () => {
      const all = Array.from({ length: 20 }, (_, at) => task(`t-${at}`, 1000 - at * 10));
      const now = held({
        // Newer, between and after those of the past; t-3 and t-12 are in both, t-12 has moved to the top since.
        matching: [task('n-1', 2000), task('n-2', 955), task('n-3', 1), task('t-3', 970), task('t-12', 3000)],
        undecided: [task('t-15', 4000)],
        others: [task('t-5', 960)],
      });
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < 100; page++) {
        const after = cursor === undefined ? undefined : decodeCursor(cursor);
        // The past continues after the place where the last page ended, whoever's row that was.
        const rest = all.filter((each) => !after || (after.value ?? 0) > each.lastTs);
        const merged = mergeTasks(query(''), now, pageOf(rest, limit), limit, after);
        seen.push(...merged.tasks.map((each) => each.task));
        ({ cursor } = merged);
        if (cursor === undefined) break;
      }
      const expected = [...all.filter((each) => !['t-5', 't-3', 't-12'].includes(each.task)), ...now.matching.values()]
        .sort(compareTasks({}))
        .map((each) => each.task);
      assert.deepEqual(seen, expected);
    });
  }

  test('never claims more than there may be', () => {
    const all = Array.from({ length: 20 }, (_, at) => task(`t-${at}`, 1000 - at * 10));
    const now = held({ matching: [task('n-1', 2000)], others: [task('t-9', 1), task('t-8', 1)] });
    const merged = mergeTasks(query(''), now, pageOf(all, 5), 5, undefined);
    assert.deepEqual([merged.total, merged.totalIs], [18, 'atLeast']);
  });
});

test('mergeDetail keeps the records, and takes the newer state of each attempt', () => {
  const attempt = (number: number, lastTs: number, status: 'running' | 'failed') =>
    ({ attempt: number, status, firstTs: 0, lastTs }) as const;
  const records = [{ tsMs: 1, event: 'log', task: 't' }];
  const past = { task: task('t', 5), attempts: [attempt(1, 5, 'failed')], records };
  const live = {
    task: task('t', 9, { attempts: 2 }),
    attempts: [attempt(2, 9, 'running'), attempt(1, 4, 'running')],
    records: [],
  };
  assert.deepEqual(mergeDetail(live, past), {
    task: task('t', 9, { attempts: 2 }),
    attempts: [attempt(1, 5, 'failed'), attempt(2, 9, 'running')],
    records,
  });
});

suite('liveFilter', () => {
  const parametersOf = (text: string) => liveFilter(query(text).where).parameters.map((pair) => pair.join('='));

  test('asks for what coordinators filter by', () => {
    assert.deepEqual(parametersOf('account:a,b collection:c source:s status:failed worker:w'), [
      'account=a',
      'account=b',
      'collection=c',
      'source=s',
      'status=failed',
      'worker=w',
    ]);
    assert.deepEqual(parametersOf('is:done'), ['status=succeeded', 'status=failed']);
    assert.deepEqual(parametersOf('(account:a or account:b)'), ['account=a', 'account=b']);
  });

  test('asks for no less than may match', () => {
    for (const text of [
      '-account:a',
      'account:a*',
      'has:account',
      '(account:a or source:b)',
      '(account:a or x)',
      'status:nope',
      'account:""',
      'account:>5',
      'key:a',
    ]) {
      assert.deepEqual(parametersOf(text), [], text);
    }
    assert.deepEqual(parametersOf('status:failed is:done'), ['status=failed']);
  });

  test('lets a task be judged only where its records make no difference', () => {
    const one = task('t-1', 5, { account: 'a', worker: 'w-2', error: { message: 'timed out' } });
    assert.equal(judgeLive(query('account:a timed'), one), true);
    assert.equal(judgeLive(query('account:b timed'), one), false);
    assert.equal(judgeLive(query('account:a denied'), one), undefined);
    assert.equal(judgeLive(query('-http.status:503'), one), undefined);
    assert.equal(judgeLive(query('worker:w-1'), one), false);
    assert.equal(judgeLive(query('worker:w-1'), { ...one, attempts: 2 }), undefined);
    assert.equal(judgeLive(query('since:1ms http.status:503'), one), false);
  });
});

test('cursors of all backends are the same text, so that one goes on where another stopped', () => {
  for (const position of [{ task: 't-1', value: 5 }, { task: 'no value' }]) {
    assert.equal(encodeCursor(position), formatCursor(position));
    assert.deepEqual(decodeCursor(formatCursor(position)), position);
    assert.deepEqual(parseCursor(encodeCursor(position)), position);
  }
  for (const odd of ['', 'x', encodeCursor({ task: 't', value: 'five' as unknown as number })]) {
    assert.throws(
      () => decodeCursor(odd),
      (error) => error instanceof BackendError && error.code === 'badCursor',
    );
  }
});

suite('mapBounded', () => {
  test('keeps the order and never runs more at a time', async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 2;
    });
    assert.deepEqual(results, [10, 2, 8, 4, 6]);
    assert.equal(most, 2);
  });

  test('starts nothing after a failure', async () => {
    const started: number[] = [];
    await assert.rejects(
      mapBounded([1, 2, 3, 4], 1, async (item) => {
        started.push(item);
        if (item === 2) throw new Error('two');
      }),
      /two/,
    );
    assert.deepEqual(started, [1, 2]);
  });
});
