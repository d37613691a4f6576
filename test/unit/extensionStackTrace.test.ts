/** Stack traces laid out to be folded and walked, and frames found where an editor shows them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackTraceText } from '../../src/extension/documents/stackTraceText.ts';
import { neighbour, textFrames } from '../../src/extension/documents/textFrames.ts';

const java = [
  'java.lang.IllegalStateException: cannot load',
  '\tat com.acme.Loader.load(Loader.java:12)',
  '\tat com.acme.Main.main(Main.java:5)',
  'Caused by: java.io.IOException: \u001b[31mtorn [x](command:quit)\u001b[0m',
  '\tat com.acme.Reader.read(Reader.java:40)',
  '\t... 2 more',
].join('\n');

test('a trace becomes a tree: the error, its frames, its cause below them', () => {
  const laidOut = stackTraceText(`prefix that is no trace\n${java}\nafter`);
  assert.ok(laidOut);
  assert.deepEqual(laidOut.text.split('\n'), [
    'java.lang.IllegalStateException: cannot load',
    '    at com.acme.Loader.load(Loader.java:12)',
    '    at com.acme.Main.main(Main.java:5)',
    '  Caused by java.io.IOException: torn [x](command:quit)',
    '      at com.acme.Reader.read(Reader.java:40)',
    '      … 2 more',
    '',
  ]);
  assert.deepEqual(
    laidOut.sections.map(({ startLine, endLine }) => [startLine, endLine]),
    [
      [0, 5],
      [3, 5],
    ],
  );
  const lines = laidOut.text.split('\n');
  for (const { line, startCharacter, endCharacter, frame } of laidOut.frames) {
    assert.equal(lines[line]?.slice(startCharacter, endCharacter), frame.raw.trim());
  }
  assert.equal(laidOut.frames.length, 3);
});

test('a text without a trace is none, and a chain of any depth is laid out', () => {
  assert.equal(stackTraceText('nothing happened here'), undefined);
  const deep = Array.from(
    { length: 400 },
    (_, depth) => `${depth === 0 ? '' : 'Caused by: '}com.acme.E${depth}: x\n\tat com.acme.A.a(A.java:${depth + 1})`,
  ).join('\n');
  assert.ok((stackTraceText(deep)?.frames.length ?? 0) > 100);
});

test('frames stand where the text has them, with prefixes and either line end', () => {
  const log = [
    '12:00:01 ERROR worker TypeError: x is not a function',
    '12:00:01 ERROR worker     at readRow (/srv/app/src/readRow.ts:12:5)',
    '12:00:01 ERROR worker     at run (/srv/app/src/run.ts:3:1)',
    '12:00:02 INFO worker goes on',
  ];
  for (const lineEnd of ['\n', '\r\n']) {
    const found = textFrames(log.join(lineEnd));
    assert.deepEqual(
      found.map(({ line, startCharacter, endCharacter }) => log[line]?.slice(startCharacter, endCharacter).trim()),
      ['at readRow (/srv/app/src/readRow.ts:12:5)', 'at run (/srv/app/src/run.ts:3:1)'],
    );
  }
});

test('a frame that stands alone, as on a line of a terminal, is found', () => {
  const [found] = textFrames('    at run (/srv/app/src/run.ts:3:1)');
  assert.equal(found?.frame.line1, 3);
});

test('steps lead from frame to frame and round at the ends', () => {
  const frames = [{ line: 4 }, { line: 2 }, { line: 9 }];
  assert.deepEqual(
    [0, 2, 4, 9].map((line) => neighbour(frames, line, 1)?.line),
    [2, 4, 9, 2],
  );
  assert.deepEqual(
    [9, 4, 2, 0].map((line) => neighbour(frames, line, -1)?.line),
    [4, 2, 9, 9],
  );
  assert.equal(neighbour([], 1, 1), undefined);
});
