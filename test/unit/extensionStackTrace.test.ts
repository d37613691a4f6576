/** Stack traces laid out to be folded and walked, and frames found where an editor shows them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackTraceText } from '../../src/extension/documents/stackTraceText.ts';
import { lineFrames } from '../../src/extension/documents/lineFrames.ts';
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
    '  Caused by java.io.IOException: torn [x](command:quit) · root cause',
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

test('a name that nobody can read, or that stands on another line, stands beside the frame', () => {
  const go =
    'panic: no\n\ngoroutine 1 [running]:\nacme.dev/ship.Send({0x0})\n\t/build/ship/batch.go:9 +0x1d\nmain.main()\n\t/build/main.go:3\n';
  assert.match(stackTraceText(go)?.text ?? '', /^ {4}\/build\/ship\/batch\.go:9 · acme\.dev\/ship\.Send$/m);
  assert.match(stackTraceText(go)?.text ?? '', /^ {4}\/build\/main\.go:3 · main\.main$/m);
  const dotnet = [
    'System.Exception: no',
    '   at Acme.Loader.<ReadAsync>d__5.MoveNext() in /src/Loader.cs:line 52',
    '   at Acme.Loader.Open() in /src/Loader.cs:line 7',
  ].join('\n');
  const laidOut = stackTraceText(dotnet);
  assert.match(laidOut?.text ?? '', /^ {4}at .*MoveNext\(\) in .*:line 52 · Acme\.Loader\.ReadAsync$/m);
  const lambda = 'java.lang.X: x\n\tat a.b.Loader.lambda$load$0(Loader.java:12)\n';
  assert.match(stackTraceText(lambda)?.text ?? '', /\(Loader\.java:12\) · a\.b\.Loader\.load \(lambda\)$/m);
  assert.match(laidOut?.text ?? '', /^ {4}at Acme\.Loader\.Open\(\) in .*:line 7$/m);
});

test('of a chain only the last cause is the root cause', () => {
  const chain = ['A: a', '\tat a.A.a(A.java:1)', 'Caused by: B: b', '\tat a.B.b(B.java:1)'];
  const text = stackTraceText(
    ['java.lang.X: x', '\tat a.X.x(X.java:1)', ...chain.map((line) => line.replace(/^A/, 'Caused by: A'))].join('\n'),
  )?.text;
  assert.deepEqual(
    text?.split('\n').filter((line) => line.includes('root cause')),
    ['    Caused by B: b · root cause'],
  );
});

test('a line of a terminal has its frame, also where the format takes two lines', () => {
  const lines: readonly (readonly [line: string, shown: string, file: string, line1: number])[] = [
    ['    at run (/srv/src/run.ts:3:1)', 'at run (/srv/src/run.ts:3:1)', '/srv/src/run.ts', 3],
    ['  File "/opt/rows.py", line 7, in read', 'File "/opt/rows.py", line 7, in read', '/opt/rows.py', 7],
    ['\tat com.acme.A.a(A.java:5)', 'at com.acme.A.a(A.java:5)', 'A.java', 5],
    ['\t/build/ship/batch.go:9 +0x1d', '/build/ship/batch.go:9', '/build/ship/batch.go', 9],
    ['             at ./src/segment.rs:6:5', 'at ./src/segment.rs:6:5', './src/segment.rs', 6],
    ['#0 d (b=0x0) at src/frame.cpp:5', '#0 d (b=0x0) at src/frame.cpp:5', 'src/frame.cpp', 5],
    ['   at A.L.Load() in /src/L.cs:line 12', 'at A.L.Load() in /src/L.cs:line 12', '/src/L.cs', 12],
    ['#1 /app/Loader.php(12): load()', '#1 /app/Loader.php(12): load()', '/app/Loader.php', 12],
  ];
  for (const [line, shown, file, line1] of lines) {
    const [found, more] = lineFrames(line);
    assert.ok(found && !more, line);
    assert.equal(found.line, 0, line);
    assert.equal(line.slice(found.startCharacter, found.endCharacter), shown);
    assert.deepEqual([found.frame.file, found.frame.line1, found.frame.inApp], [file, line1, true], line);
    assert.ok(found.trace.frames.includes(found.frame), line);
  }
  for (const library of [
    '\t/usr/local/go/src/runtime/proc.go:283 +0x28',
    '\t/root/go/pkg/mod/acme.dev/x@v1.0.0/x.go:3',
    '             at /rustc/4d91de4e48198da2e33413efdcd9cd2cc0c46688/library/std/src/rt.rs:195:5',
  ]) {
    assert.deepEqual(
      lineFrames(library).map(({ frame }) => frame.inApp),
      [false],
      library,
    );
  }
  for (const none of ['', 'see batch.go:9', ' $ go test ./batch.go', 'at lunch'])
    assert.deepEqual(lineFrames(none), []);
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
