/** The rows of the trees: which change, what they say, and how states become views. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerNotice } from '../../src/extension/views/answerNotice.ts';
import { changedNodes } from '../../src/extension/views/changedNodes.ts';
import { errorNode, failuresOf, type ResolvedTrace } from '../../src/extension/views/errorNodes.ts';
import { type Answered, type HistoryState, historyFace, withNextPage } from '../../src/extension/views/historyState.ts';
import { type LiveState, liveNodes, loadText, retryingCount } from '../../src/extension/views/liveNodes.ts';
import { detailNodes, historyTaskNode, liveTaskNode, taskContext } from '../../src/extension/views/taskNodes.ts';
import type { ViewNode } from '../../src/extension/views/viewNode.ts';
import type { AnswerSummary, Provenance } from '../../src/model/answer.ts';
import type { LiveCoordinator } from '../../src/model/live.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { FoldedTask, TaskDetail } from '../../src/model/task.ts';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import type { Trace } from '../../src/stacktrace/trace.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');

function task(id: string, overrides: Partial<FoldedTask> = {}): FoldedTask {
  return {
    task: id,
    status: 'running',
    attempts: 1,
    firstTs: nowMs - 5000,
    lastTs: nowMs,
    durationMs: 5000,
    ...overrides,
  };
}

function node(id: string, overrides: Partial<ViewNode> = {}): ViewNode {
  return { id, label: id, context: 'x', expand: 'none', target: { kind: 'note' }, children: [], ...overrides };
}

function up(coordinator: string, tasks: readonly FoldedTask[], overrides: object = {}): LiveCoordinator {
  return {
    kind: 'up',
    url: `http://${coordinator}`,
    coordinator,
    status: 'ok',
    uptimeMs: 1000,
    counts: { pending: 0, assigned: 0, running: tasks.length, retrying: 0 },
    workers: 2,
    tasks,
    more: false,
    ...overrides,
  };
}

function live(coordinators: readonly LiveCoordinator[], overrides: Partial<LiveState> = {}): LiveState {
  return {
    environment: { name: 'prod', coordinators: ['http://c-1'] },
    snapshot: { environment: 'prod', askedTs: nowMs, coordinators },
    ...overrides,
  };
}

const idsBelow = (nodes: readonly ViewNode[]): string[] =>
  nodes.flatMap((each) => [each.id, ...(each.children === 'lazy' ? [] : idsBelow(each.children))]);

const childrenOf = (parent: ViewNode | undefined): readonly ViewNode[] =>
  parent && parent.children !== 'lazy' ? parent.children : [];

test('redraws nothing where nothing changed', () => {
  const tree = () => [node('a', { children: [node('a/1'), node('a/2')] })];
  assert.deepEqual(changedNodes(tree(), tree()), { kind: 'none' });
});

test('redraws the row whose face changed and not the others', () => {
  const tree = (label: string) => [node('a', { children: [node('a/1', { label }), node('a/2')] }), node('b')];
  assert.deepEqual(changedNodes(tree('x'), tree('y')), { kind: 'nodes', ids: ['a/1'] });
});

test('redraws the parent where children came, went or moved', () => {
  const tree = (...children: string[]) => [node('a', { children: children.map((id) => node(id)) }), node('b')];
  for (const after of [['1', '2', '3'], ['1'], ['2', '1']]) {
    assert.deepEqual(changedNodes(tree('1', '2'), tree(...after)), { kind: 'nodes', ids: ['a'] });
  }
});

test('redraws the whole tree only where its roots came, went or moved', () => {
  assert.deepEqual(changedNodes([node('a')], [node('a'), node('b')]), { kind: 'roots' });
  assert.deepEqual(changedNodes([node('a'), node('b')], [node('b'), node('a')]), { kind: 'roots' });
});

test('asks for lazy children again when the revision changes', () => {
  const tree = (revision: string) => [node('a', { children: 'lazy', revision })];
  assert.deepEqual(changedNodes(tree('1'), tree('1')), { kind: 'none' });
  assert.deepEqual(changedNodes(tree('1'), tree('2')), { kind: 'nodes', ids: ['a'] });
});

test('Live shows environment, coordinators and tasks, trouble first', () => {
  const tasks = [
    task('pending', { status: 'pending', attempts: 0 }),
    task('young', { firstTs: nowMs - 1000 }),
    task('old', { firstTs: nowMs - 9000 }),
    task('again', { status: 'retrying' }),
  ];
  const [root] = liveNodes([live([up('c-1', tasks)])], 'prod', nowMs);
  const [coordinator] = childrenOf(root);
  assert.equal(coordinator?.label, 'c-1');
  assert.deepEqual(
    childrenOf(coordinator).map(({ label }) => label),
    ['again', 'old', 'young', 'pending'],
  );
  assert.equal(root?.expand, 'expanded');
});

test('ids of rows stay the same from refresh to refresh and are unique while two coordinators name one task', () => {
  const state = (running: number) => [
    live([up('c-1', [task('t')]), up('c-2', [task('t')])]),
    live([up('c-1', [task('t', { lastTs: nowMs + running })])], {
      environment: { name: 'staging', coordinators: ['http://c-1'] },
    }),
  ];
  const before = idsBelow(liveNodes(state(0), 'prod', nowMs));
  const after = idsBelow(liveNodes(state(1000), 'prod', nowMs + 1000));
  assert.deepEqual(after, before);
  assert.equal(new Set(before).size, before.length);
});

test('a dead coordinator stays in the list, with the reason', () => {
  const dead: LiveCoordinator = { kind: 'down', url: 'http://c-2', message: 'connection refused' };
  const [root] = liveNodes([live([up('c-1', []), dead])], undefined, nowMs);
  const row = childrenOf(root)[1];
  assert.equal(row?.icon?.id, 'error');
  assert.match(row?.description ?? '', /connection refused/);
  assert.match(row?.tooltip ?? '', /http:\/\/c-2\nconnection refused/);
  assert.match(root?.description ?? '', /1 coordinator down/);
});

test('an environment that cannot be asked says so and keeps its row', () => {
  const [root] = liveNodes(
    [{ environment: { name: 'prod', coordinators: ['http://x'] }, failure: 'denied' }],
    'prod',
    nowMs,
  );
  assert.match(root?.description ?? '', /cannot be asked: denied/);
  assert.equal(childrenOf(root)[0]?.label, 'denied');
});

test('an environment without coordinators is told as such and asks for nothing', () => {
  const [root] = liveNodes([{ environment: { name: 'prod', coordinators: [] } }], 'prod', nowMs);
  assert.match(root?.description ?? '', /history only/);
  assert.equal(root?.expand, 'none');
});

test('a filter shows what matches, under the coordinator that holds it', () => {
  const state = live([up('c-1', [task('a')]), up('c-2', [])], {
    filtered: { query: 'x', tasks: [task('b', { coordinator: 'c-2' })], more: true },
  });
  const [root] = liveNodes([state], 'prod', nowMs);
  const [first, second] = childrenOf(root);
  assert.deepEqual(
    childrenOf(first).map(({ target }) => target.kind),
    ['moreLive'],
  );
  assert.deepEqual(
    childrenOf(second).map(({ label }) => label),
    ['b', 'Load more…'],
  );
});

test('counts what is retrying over all coordinators', () => {
  const counts = { pending: 1, assigned: 0, running: 2, retrying: 3 };
  const state = live([up('c-1', [], { counts }), up('c-2', [], { counts })]);
  assert.equal(retryingCount([state, state]), 12);
  assert.equal(loadText(state), '4 running · 6 retrying · 2 pending');
});

test('coordinators that do not answer are counted, marked, and never said to run nothing', () => {
  const down = { kind: 'down', url: 'http://c-2', message: 'nothing listens there' } as const;
  const all = live([down]);
  assert.equal(loadText(all), '1 coordinator down');
  assert.equal(liveNodes([all], 'prod', nowMs)[0]?.icon?.id, 'error');
  const some = live([up('c-1', []), down]);
  assert.equal(loadText(some), '0 running · 1 coordinator down');
  assert.equal(liveNodes([some], 'prod', nowMs)[0]?.icon?.id, 'warning');
});

const summary = (from: readonly Provenance[], overrides: Partial<AnswerSummary> = {}): AnswerSummary => ({
  total: 2,
  totalIs: 'exact',
  ms: 38,
  from,
  ...overrides,
});
const index: Provenance = {
  backend: 'index',
  url: 'file:///i',
  freshness: nowMs,
  objects: 1,
  bytes: 1,
  partial: false,
};
const coordinators: Provenance = { ...index, backend: 'live', url: 'http://c' };

test('says where an answer came from and how fresh it is', () => {
  assert.match(
    answerNotice(2, summary([coordinators, index]), nowMs),
    /^2 tasks from the coordinators and the index \(complete up to [\d:]+\), 38 ms\.$/,
  );
  assert.match(
    answerNotice(2, summary([index], { total: 340, totalIs: 'atLeast' }), nowMs),
    /^2 of at least 340 tasks/,
  );
});

test('a fallback and a partial answer are told in full', () => {
  const logs: Provenance = {
    ...index,
    backend: 'direct',
    partial: true,
    note: 'answered from the logs: the index at file:///i is missing',
  };
  assert.match(
    answerNotice(2, summary([logs]), nowMs),
    /Answered from the logs: the index at file:\/\/\/i is missing\.$/,
  );
  assert.match(answerNotice(2, summary([{ ...index, partial: true }]), nowMs), /Some of the index could not be read/);
});

const answer: Answered = { query: 'status:failed', tasks: [task('a'), task('b')], summary: summary([index]) };
const face = (state: HistoryState, isOneOfMany = false) => historyFace('prod', state, nowMs, isOneOfMany);

test('History shows each state so that the next step is plain', () => {
  assert.deepEqual(face({ kind: 'idle' }), { context: 'idle', roots: [] });
  const searching = face({ kind: 'searching', query: 'x', before: answer });
  assert.equal(searching.context, 'searching');
  assert.equal(searching.roots.length, 2);
  const shown = face({ kind: 'answered', answer });
  assert.equal(shown.context, 'answered');
  assert.equal(shown.description, 'status:failed');
  const failure = { kind: 'engine', code: 'crashed', message: 'The engine process ended' } as const;
  const failed = face({ kind: 'failed', query: 'x', failure });
  assert.equal(failed.context, 'engine');
  assert.equal(failed.message, undefined);
  assert.match(failed.description ?? '', /The engine process ended/);
});

test('with several environments, History says whose tasks it shows', () => {
  assert.equal(face({ kind: 'answered', answer }, true).description, 'prod · status:failed');
  assert.equal(face({ kind: 'idle' }, true).description, 'prod');
});

test('an empty answer says what was searched and up to when, and what to do next', () => {
  const empty: Answered = { query: 'status:faild', tasks: [], summary: summary([index], { total: 0 }) };
  const shown = face({ kind: 'answered', answer: empty });
  assert.equal(shown.context, 'empty');
  assert.match(shown.message ?? '', /^0 tasks from the index \(complete up to /);
  const [first, hint, edit] = shown.roots;
  assert.equal(first?.label, 'No task matches this search');
  assert.match(hint?.label ?? '', /^No task is ever status:faild; it is pending/);
  assert.equal(edit?.click?.command, 'ingestTrace.searchTasks');
  const partial = { ...empty, summary: summary([{ ...index, note: 'the index lags' }], { total: 0 }) };
  const told = face({ kind: 'answered', answer: partial });
  assert.match(told.message ?? '', /The index lags/);
  assert.equal(told.roots.length, 3);
});

test('a page that repeats a task shows it once, as it was seen last', () => {
  const next = { tasks: [task('b', { status: 'failed' }), task('c')], summary: summary([index]) };
  const both = withNextPage({ ...answer, cursor: 'x' }, next);
  assert.deepEqual(
    both.tasks.map((each) => [each.task, each.status]),
    [
      ['a', 'running'],
      ['b', 'failed'],
      ['c', 'running'],
    ],
  );
  assert.equal(both.cursor, undefined);
});

test('the reason of a failure stands in the list', () => {
  const failed = task('t', {
    status: 'failed',
    error: { type: 'TypeError', message: 'no\u001b[31m such' },
    group: 'g1',
  });
  const row = historyTaskNode('prod', failed, nowMs);
  assert.match(row.description ?? '', /^TypeError · .*no such$/);
  assert.equal(row.spoken, 'failed, task t');
  assert.equal(row.icon?.id, 'error');
  assert.equal(taskContext({ ...failed, worker: 'w', account: 'a' }), 'task.worker.account.group');
});

test('a task is called by the file it read, else by whose data it is, and by its id where nothing else is known', () => {
  const id = '0b8f6f0e-4a53-4f0e-9d6b-0d7c3f6b1a11';
  const whose = { account: 'acme', collection: 'orders', source: 'landing' };
  const labels = [
    task(id, { ...whose, key: 'landing/acme/orders/2026-11-23.json' }),
    task(id, { ...whose, key: 'in/part-00017-0b8f6f0e-4a53-4f0e-9d6b-0d7c3f6b1a11.c000.parquet' }),
    task(id, whose),
    task(id),
  ].map((each) => historyTaskNode('prod', each, nowMs).label);
  assert.deepEqual(labels, ['2026-11-23.json', 'part-0001…00.parquet', 'acme/orders/landing', '0b8f6f0e-…7c3f6b1a11']);
  for (const label of labels) assert.ok(label.length <= 20, label);
  const failed = task(id, {
    key: 'in/penguins-mwsxj994.json',
    status: 'failed',
    error: { type: 'TruncatedObjectError' },
  });
  assert.equal(historyTaskNode('prod', failed, nowMs).label, 'pengui…94.json');
});

test('what a narrow side bar shows: the reason of a failure, else how long and where it runs', () => {
  const running = task('t', { worker: 'ingest-worker-7d9f8b6c5-x2x4z', account: 'acme', collection: 'orders' });
  const again = {
    ...running,
    attempts: 2,
    status: 'retrying',
    error: { type: 'java.lang.IllegalStateException' },
  } as const;
  assert.deepEqual(
    [running, again].map((each) => liveTaskNode('prod', 'c-1', each, nowMs).description),
    [
      '5.0 s · ingest-w…6c5-x2x4z · acme/orders',
      'IllegalStateException · attempt 2 · 5.0 s · ingest-w…6c5-x2x4z · acme/orders',
    ],
  );
  assert.match(liveTaskNode('prod', 'c-1', again, nowMs).tooltip ?? '', /Error: java\.lang\.IllegalStateException/);
});

const stack =
  "TypeError: cannot read 'x'\n    at readRow (/srv/app/src/readRow.ts:12:5)\n    at run (/srv/app/src/run.ts:3:1)";
const failedRecord: LogRecord = {
  tsMs: nowMs,
  event: 'attempt.failed',
  task: 't',
  attempt: 2,
  error: { type: 'TypeError', message: "cannot read 'x'", stack },
  group: 'g1',
};

function detail(records: readonly LogRecord[]): TaskDetail {
  return { task: task('t', { attempts: 2, status: 'failed' }), attempts: [], records };
}

test('the same error told twice within an attempt counts once, with the stack', () => {
  const terminal: LogRecord = {
    tsMs: nowMs + 1,
    event: 'task.failed',
    task: 't',
    error: { type: 'TypeError', message: "cannot read 'x'" },
  };
  const failures = failuresOf(detail([failedRecord, terminal, { ...failedRecord, attempt: 1 }]));
  assert.deepEqual(
    failures.map(({ attempt, error }) => [attempt, error.stack]),
    [
      [2, stack],
      [1, stack],
    ],
  );
});

test('frames say where they lead, or why they lead nowhere', () => {
  const [trace] = findTraces(stack);
  assert.ok(trace);
  const [failure] = failuresOf(detail([failedRecord]));
  assert.ok(failure);
  const of = { environment: 'prod', task: task('t'), shownPath: (path: string) => path.replace('/w/', '') };
  const row = errorNode(of, failure, 0, [
    {
      trace,
      resolutions: [
        { kind: 'file', path: '/w/app/src/readRow.ts', line1: 12, confidence: 1, why: 'same path' },
        { kind: 'none', why: 'no file of that name' },
      ],
      below: [],
    },
  ]);
  assert.equal(row.context, 'error.group');
  const [first, second] = childrenOf(row);
  assert.deepEqual([first?.label, first?.description], ['readRow', 'readRow.ts:12 · app/src']);
  assert.match(second?.tooltip ?? '', /Not in this workspace: no file of that name/);
  assert.ok(first?.click);
});

test('of a chain the last cause is marked, frames that were left out are told, names are those of the source', () => {
  const chain = [
    'java.lang.X: x',
    '\tat a.b.Loader.lambda$load$0(Loader.java:12)',
    'Caused by: java.lang.Y: y',
    '\tat a.Y.y(Y.java:1)',
    '\t... 1 more',
    'Caused by: java.lang.Z: z',
    '\tat a.Z.z(Z.java:1)',
    '\t... 12 more',
  ];
  const [trace] = findTraces(chain.join('\n'));
  const [failure] = failuresOf(detail([failedRecord]));
  assert.ok(trace?.cause?.cause && failure);
  const resolved = (one: Trace): ResolvedTrace => ({
    trace: one,
    resolutions: [],
    below: one.cause ? [{ relation: 'Caused by', trace: resolved(one.cause) }] : [],
  });
  const of = { environment: 'prod', task: task('t'), shownPath: (path: string) => path };
  const faces = (row: ViewNode | undefined): unknown[] =>
    childrenOf(row).flatMap((child) => [[child.label, child.description], ...faces(child)]);
  assert.deepEqual(faces(errorNode(of, failure, 0, [resolved(trace)])), [
    ['a.b.Loader.load (lambda)', 'Loader.java:12'],
    ['Caused by java.lang.Y: y', undefined],
    ['a.Y.y', 'Y.java:1'],
    ['1 more frame', undefined],
    ['Caused by java.lang.Z: z', 'root cause'],
    ['a.Z.z', 'Z.java:1'],
    ['12 more frames', undefined],
  ]);
});

test('records come page by page', () => {
  const records = Array.from(
    { length: 250 },
    (_, position): LogRecord => ({
      tsMs: nowMs + position,
      event: 'log',
      message: `line ${position}`,
    }),
  );
  const rows = detailNodes('prod', detail(records), [], 100, nowMs).at(-1);
  const shown = childrenOf(rows);
  assert.equal(shown.length, 101);
  assert.equal(shown[0]?.label, 'line 0');
  assert.equal(shown.at(-1)?.description, '150 records left');
});
