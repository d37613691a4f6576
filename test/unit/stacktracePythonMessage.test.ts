/** Messages of Python exceptions on several lines: read where it is known that they end, left alone where it is not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureGroup } from '../../src/stacktrace/failureGroup.ts';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { rootCause } from '../../src/stacktrace/trace.ts';

const traceback = 'Traceback (most recent call last):\n  File "/srv/load.py", line 3, in load\n    read(row)\n';
const messages = (text: string): (string | undefined)[] => findTraces(text).map(({ message }) => message);

test('a stack by itself: the message goes up to its end, blank lines and notes included', () => {
  const stack = `${traceback}ValueError: 2 rows of 'a.csv':\n  row 3: no id\n\nsecond part\na note\n`;
  const whole = "2 rows of 'a.csv':\n  row 3: no id\n\nsecond part\na note";
  assert.deepEqual(messages(stack), [whole]);
  assert.deepEqual(messages(JSON.stringify({ level: 'error', stack, worker: 'w-1' })), [whole]);
  const [trace] = findTraces(stack);
  assert.equal(stack.slice(trace?.start, trace?.end), stack.trimEnd());
});

test('a message that starts with a line break keeps it', () => {
  assert.deepEqual(messages(`${traceback}ValueError: \nno id\n`), ['\nno id']);
});

test('in a log the next record ends it, whatever records start with', () => {
  const next = ['2026-11-23 10:00:01,000 INFO next', '[10:00:01] next', 'INFO:root:next', 'WARNING: next', '{"a":1}'];
  for (const record of [...next, 'Nov 23 10:00:01 host x: next', 'I1123 10:00:01.0 next', 'level=info msg=next']) {
    const text = `2026-11-23 10:00:00,000 ERROR failed\n${traceback}ValueError: bad\nrow 3\n\nrow 4\n${record}\n`;
    assert.deepEqual(messages(text), ['bad\nrow 3\n\nrow 4'], record);
  }
});

test('behind a prefix on every line', () => {
  const log = `INFO starting\n${traceback}ValueError: bad\nrow 3\n\nrow 4\nINFO next\n`;
  for (const prefix of ['worker-1  | ', '2026-11-23T10:00:00Z ERROR ']) {
    const text = log.replace(/^(?=.)/gm, prefix).replaceAll('\n\n', `\n${prefix.trimEnd()}\n`);
    assert.deepEqual(messages(text), ['bad\nrow 3\n\nrow 4'], prefix);
  }
});

test('an exception that follows ends it, however long it is', () => {
  const long = Array.from({ length: 40 }, (_, n) => `row ${n}`).join('\n');
  const text = `noise\nnoise\nnoise\nnoise\n${traceback}ValueError: bad\n${long}\n\nDuring handling of the above exception, another exception occurred:\n\n${traceback}LoadError: x\n`;
  const [trace, ...others] = findTraces(text);
  assert.equal(others.length, 0);
  assert.equal(trace?.type, 'LoadError');
  assert.equal(trace && rootCause(trace).message, `bad\n${long}`);
});

test('in a group each member has its own lines and notes', () => {
  const text = `  + Exception Group Traceback (most recent call last):
  |   File "/srv/load.py", line 3, in load
  | ExceptionGroup: many (2 sub-exceptions)
  | of 'a.csv'
  +-+---------------- 1 ----------------
    | ValueError: bad
    | row 3
    +---------------- 2 ----------------
    | KeyError: 'k'
    +------------------------------------
more of the program's output
`;
  const [group] = findTraces(text);
  assert.equal(group?.message, "many (2 sub-exceptions)\nof 'a.csv'");
  assert.deepEqual(
    group?.members?.map(({ message }) => message),
    ['bad\nrow 3', "'k'"],
  );
});

test('where nothing says that lines belong to it, only indented ones do', () => {
  const before = 'some\noutput\nof a\nprogram\n';
  assert.deepEqual(messages(`${before}${traceback}ValueError: bad\n  row 3\nmake: *** [run] Error 1\n`), [
    'bad\n  row 3',
  ]);
  assert.deepEqual(messages(`${before}${traceback}ValueError: bad\nRetrying\n${traceback}ValueError: bad\n`), [
    'bad',
    'bad',
  ]);
  // A blank line ends what ends with the text.
  assert.deepEqual(messages(`ERROR failed\n${traceback}ValueError: bad\nrow 3\n\nGoodbye\n`), ['bad\nrow 3']);
});

test("the header of another language's trace below is no part of it", () => {
  const below = 'TypeError: x is not a function\n    at f (/srv/a.ts:1:2)\n';
  const traces = findTraces(`${traceback}ValueError: bad\n${below}`);
  assert.deepEqual(
    traces.map(({ language, type, message }) => [language, type, message]),
    [
      ['python', 'ValueError', 'bad'],
      ['javascript', 'TypeError', 'x is not a function'],
    ],
  );
});

test("in another language's message it goes up to the blank line above that one's frames", () => {
  const below = '\n\tat com.acme.Runner.read(Runner.java:41)\n';
  for (const above of ['a.PythonException: ', 'a.PythonException: job 3 failed:\n']) {
    const traces = findTraces(`noise\nnoise\n${above}${traceback}ValueError: bad\nrow 3\n${below}`);
    assert.deepEqual(
      traces.map(({ language, type, message }) => [language, type, language === 'python' ? message : undefined]),
      [
        ['python', 'ValueError', 'bad\nrow 3'],
        ['jvm', 'a.PythonException', undefined],
      ],
    );
  }
});

test('the group goes by the first line: where a trace was logged does not change it', () => {
  const foreign =
    'Traceback (most recent call last):\n  File "/usr/lib/python3.12/json/decoder.py", line 3, in decode\n';
  const alone = failureGroup({ stack: `${foreign}ValueError: bad\nrow 3 of a.csv\nnote: acme\n` });
  assert.equal(failureGroup({ stack: `${foreign}ValueError: bad\nrow 7 of b.csv\n` }), alone);
  assert.equal(failureGroup({ stack: `${foreign}ValueError: bad\n` }), alone);
  assert.notEqual(failureGroup({ stack: `${foreign}ValueError: worse\nrow 3 of a.csv\n` }), alone);
});
