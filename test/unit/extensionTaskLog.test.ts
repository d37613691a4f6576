/** The text of a task's log, and what is found again on its lines. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskLogText } from '../../src/extension/documents/taskLogText.ts';
import { parseTaskLogUri, taskLogPath } from '../../src/extension/documents/taskLogUri.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { TaskDetail } from '../../src/model/task.ts';

const tsMs = Date.parse('2026-11-23T12:00:00.123Z');
const stack =
  "TypeError: cannot read 'x'\r\n    at readRow (/srv/app/src/readRow.ts:12:5)\r\n    at run (/srv/app/src/run.ts:3:1)";

function detail(records: readonly LogRecord[]): TaskDetail {
  return {
    task: {
      task: 't-1',
      status: 'failed',
      attempts: 1,
      firstTs: tsMs,
      lastTs: tsMs + 10,
      durationMs: 10,
      error: { type: 'TypeError', message: "cannot read 'x'" },
      group: 'v1-abc',
    },
    attempts: [{ attempt: 1, status: 'failed', worker: 'w-1', firstTs: tsMs, lastTs: tsMs + 10 }],
    records,
  };
}

const failed: LogRecord = {
  tsMs,
  level: 'error',
  event: 'attempt.failed',
  task: 't-1',
  attempt: 1,
  worker: 'w-1',
  message: 'attempt 1 failed\nand said more',
  error: { type: 'TypeError', message: "cannot read 'x'", stack },
  group: 'v1-abc',
};

test('every frame is found where it stands in the text', () => {
  const layout = taskLogText('prod', detail([{ tsMs, event: 'log', message: 'started' }, failed]), []);
  const lines = layout.text.split('\n');
  assert.deepEqual(
    layout.frames.map(({ line, startCharacter, endCharacter }) => lines[line]?.slice(startCharacter, endCharacter)),
    layout.frames.map(({ frame }) => frame.raw),
  );
  assert.deepEqual(
    layout.frames.map(({ frame }) => [frame.file, frame.line1]),
    [
      ['/srv/app/src/readRow.ts', 12],
      ['/srv/app/src/run.ts', 3],
    ],
  );
});

test('each record begins on the line that is remembered for it', () => {
  const layout = taskLogText('prod', detail([{ tsMs, event: 'log', message: 'started' }, failed]), []);
  const lines = layout.text.split('\n');
  assert.match(lines[layout.recordLines[0] ?? -1] ?? '', /started$/);
  assert.match(lines[layout.recordLines[1] ?? -1] ?? '', /attempt\.failed .*attempt 1 failed$/);
});

test('a failure group is offered at its error', () => {
  const layout = taskLogText('prod', detail([failed]), []);
  const lines = layout.text.split('\n');
  assert.equal(layout.groups.length, 2);
  for (const { line, group } of layout.groups) {
    assert.equal(group, 'v1-abc');
    assert.match(lines[line] ?? '', /TypeError: cannot read 'x'/);
  }
});

test('a record and its stack fold, and no fold leaves the text', () => {
  const layout = taskLogText('prod', detail([failed]), []);
  const count = layout.text.split('\n').length;
  const record = layout.sections.find(({ kind }) => kind === 'record');
  const trace = layout.sections.find(({ kind }) => kind === 'stack');
  assert.ok(record && trace);
  assert.ok(trace.startLine > record.startLine && trace.endLine <= record.endLine);
  for (const { startLine, endLine } of layout.sections) assert.ok(startLine <= endLine && endLine < count);
});

test('hostile text makes no line, no control character and no frame of its own', () => {
  const hostile: LogRecord = {
    tsMs,
    event: 'log',
    worker: 'w\n1',
    message: 'a\u2028b\u001b[2Jc',
    rest: { 'x\ny': '\u202e' },
  };
  const layout = taskLogText('pr\nod', detail([hostile]), []);
  // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
  assert.doesNotMatch(layout.text, /[\u0000-\u0009\u000b-\u001f\u202e\u2028]/);
  assert.equal(layout.text.split('\n').filter((line) => line.startsWith('  environment')).length, 1);
  assert.deepEqual(layout.frames, []);
});

test('without records the errors of the attempts are told', () => {
  const base = detail([]);
  const attempts = base.attempts.map((attempt) => ({ ...attempt, error: { type: 'TypeError', stack } }));
  const layout = taskLogText('prod', { ...base, attempts }, []);
  assert.equal(layout.frames.length, 2);
  assert.match(layout.text, /No record has been shipped yet/);
});

test('an address leads back to its task, whatever the task is called', () => {
  for (const task of ['t-1', '../../etc/passwd', 'a?b#c%d', 'ü \n/']) {
    const { path, query } = taskLogPath('prod / 1', task);
    assert.match(path, /^\/[\w.-]+\.task-log$/);
    assert.deepEqual(parseTaskLogUri({ query }), { environment: 'prod / 1', task });
  }
  for (const query of ['', '{', '[]', '{"environment":1,"task":"t"}'])
    assert.equal(parseTaskLogUri({ query }), undefined);
});
