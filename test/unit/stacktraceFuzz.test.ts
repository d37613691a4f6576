/** Text of any kind: traces are found without throwing, ranges stay within it, and work grows with its length only. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { failureGroup } from '../../src/stacktrace/failureGroup.ts';
import { findTraces, findTracesIn } from '../../src/stacktrace/findTraces.ts';
import { maskMessage } from '../../src/stacktrace/maskMessage.ts';
import { type TextLine, TextLines } from '../../src/stacktrace/textLines.ts';
import { tracesWithin } from '../../src/stacktrace/trace.ts';

const pieces = fc.constantFrom(
  '    at ',
  '\tat ',
  'at ',
  'async ',
  'new ',
  'fn',
  ' (',
  ')',
  '/a/b.ts',
  ':12',
  ':3',
  'file:///',
  '%zz',
  '<anonymous>',
  'eval at ',
  'node:',
  '{',
  '}',
  '[cause]: ',
  '[errors]: [',
  ']',
  ',',
  'TypeError',
  ': ',
  'message',
  '\n',
  '\r\n',
  String.raw`\n`,
  String.raw`\\n`,
  '\\',
  '"',
  '\u001b[31m',
  '\u001b]8;;',
  '2026-11-23T10:00:00Z ',
  '  File "',
  '", line ',
  ', in f',
  'Traceback (most recent call last):',
  '  | ',
  '  +-+--- 1 ---',
  'During handling of the above exception, another exception occurred:',
  'com.acme.Main.run(Main.java:3)',
  'Caused by: ',
  'Suppressed: ',
  '... 3 more',
  'goroutine 1 [running]:',
  'main.main()',
  '\t/a/b.go:7 +0x1',
  'panic: ',
  '{"log":"',
  '-> ',
  '   ',
  'é',
  '\ud83d',
);
const traceLike = fc.array(pieces, { maxLength: 120 }).map((parts) => parts.join(''));

test('finds traces in any text without throwing, each range within the text', () => {
  fc.assert(
    fc.property(fc.oneof(traceLike, fc.string({ unit: 'binary', maxLength: 400 })), (text) => {
      for (const trace of findTraces(text)) {
        for (const part of tracesWithin(trace)) {
          assert.ok(part.start >= 0 && part.start <= part.end && part.end <= text.length);
          for (const frame of part.frames) {
            assert.ok(trace.start <= frame.start && frame.start < frame.end && frame.end <= trace.end);
            const slice = text.slice(frame.start, frame.end);
            if (!slice.includes('\\') && !slice.includes('\u001b')) assert.equal(slice, frame.raw);
          }
        }
      }
      failureGroup({ stack: text });
      maskMessage(text);
    }),
    { numRuns: 3000, seed: 20261123 },
  );
});

test('frames of a text are in order and do not overlap, those of Python from the outermost', () => {
  fc.assert(
    fc.property(traceLike, (text) => {
      const frames = findTraces(text)
        .flatMap((trace) => [...tracesWithin(trace)])
        .flatMap((trace) => trace.frames)
        .sort((a, b) => a.start - b.start);
      for (const [index, frame] of frames.entries()) {
        const next = frames[index + 1];
        if (next) assert.ok(frame.end <= next.start, `${frame.raw} overlaps ${next.raw}`);
      }
    }),
    { numRuns: 2000, seed: 20261123 },
  );
});

/** Inputs that have made other parsers hang; each is made longer by repetition. */
const hostile: Readonly<Record<string, (times: number) => string>> = {
  'one long line of almost-frames': (times) => '    at f (/a/b.ts:1:'.repeat(times),
  'a long identifier': (times) => `Error${'a'.repeat(times * 20)}\n    at f (/a.ts:1:2)`,
  'many colons and digits': (times) => `    at f (${':1'.repeat(times * 10)}`,
  'open parentheses': (times) => `    at f ${'('.repeat(times * 20)}`,
  'nested eval': (times) => `    at ${'eval at x ('.repeat(times)}/a.ts:1:2${')'.repeat(times)}`,
  'escaped newlines in one line': (times) =>
    `{"stack":"${String.raw`Error: x\n    at f (/a.ts:1:2)\n`.repeat(times)}"}`,
  backslashes: (times) => `${'\\'.repeat(times * 20)}n    at f (/a.ts:1:2)`,
  'escapes that are no frames': (times) => String.raw`\n\t`.repeat(times * 5),
  'headers without frames': (times) => 'TypeError: x\n'.repeat(times),
  'a frame after every long message': (times) => `${'x\n'.repeat(63)}    at f (/a.ts:1:2)\n`.repeat(times / 8),
  'causes within causes': (times) =>
    `Error: a\n    at f (/a.ts:1:2) {\n${Array.from({ length: times }, (_, n) => `${' '.repeat(2 + (n % 90))}[cause]: Error: b\n${' '.repeat(6 + (n % 90))}at f (/a.ts:1:2) {\n`).join('')}`,
  'an object that never ends': (times) => `Error: a\n    at f (/a.ts:1:2) {\n${'      x: 1,\n'.repeat(times)}`,
  'tracebacks without frames': (times) => 'Traceback (most recent call last):\n'.repeat(times),
  'python frames in one line': (times) => '  File "a.py", line 1, in f'.repeat(times),
  'an unclosed python file': (times) => `  File "${'a'.repeat(times * 20)}`,
  'groups within groups': (times) =>
    Array.from(
      { length: times },
      (_, n) =>
        `${' '.repeat(n % 80)}+-+---------------- 1 ----------------\n${' '.repeat(n % 80)}  | Traceback (most recent call last):\n${' '.repeat(n % 80)}  |   File "a.py", line 1, in f\n${' '.repeat(n % 80)}  | E: x\n`,
    ).join(''),
  'chained tracebacks': (times) =>
    'Traceback (most recent call last):\n  File "a.py", line 1, in f\nE: x\n\nThe above exception was the direct cause of the following exception:\n\n'.repeat(
      times,
    ),
  'causes of the JVM': (times) =>
    `a.B: x\n\tat a.B.c(B.java:1)\n${'Caused by: a.B: x\n\tat a.B.c(B.java:1)\n'.repeat(times)}`,
  'causes without frames': (times) => `\tat a.B.c(B.java:1)\n${'Caused by: a.B: x\n'.repeat(times)}`,
  'goroutines without frames': (times) => `${'goroutine 1 [running]:\n'.repeat(times)}a.go:1`,
  'go places without functions': (times) => '\t/a/b.go:1 +0x1\n'.repeat(times),
  'blank lines': (times) => `${'\n'.repeat(times * 10)}    at f (/a.ts:1:2)`,
  'colour codes': (times) => `${'\u001b[31m'.repeat(times * 4)}    at f (/a.ts:1:2)\u001b]8;;${'x'.repeat(times)}`,
};

class CountedLines extends TextLines {
  looks = 0;

  override at(index: number): TextLine | undefined {
    this.looks++;
    return super.at(index);
  }
}

for (const [name, make] of Object.entries(hostile)) {
  test(`ends on ${name}, having looked at each line a bounded number of times`, () => {
    const text = make(4000);
    const lines = text.split('\n').length + text.split(String.raw`\n`).length;
    const counted = new CountedLines(text);
    findTracesIn(counted);
    assert.ok(counted.looks <= 400 * lines + 1000, `${counted.looks} looks at ${lines} lines`);
    failureGroup({ stack: text });
    maskMessage(text);
  });
}
