/** Text of any kind: traces are found without throwing, ranges stay within it, and work grows with its length only. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { failureGroup } from '../../src/stacktrace/failureGroup.ts';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { maskMessage } from '../../src/stacktrace/maskMessage.ts';
import { type TextLine, TextLines } from '../../src/stacktrace/textLines.ts';
import { TraceReader } from '../../src/stacktrace/traceReader.ts';
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
  '#0 ',
  '#1 0x55d0a1b2c3d4 in ',
  ' 0# ',
  '    @     0x55d0a1b2c3d4 ',
  '(/bin/x+0x12)',
  '[0x401234]',
  'apply_operator(',
  'operator-',
  'operator<',
  ': runtime error: ',
  "thread 'main' panicked at ",
  'src/main.rs:3:5:',
  'stack backtrace:',
  '   0: a::b::h0123456789abcdef',
  '   at A.B.<C>d__1.MoveNext() in ',
  'C:\\a\\B.cs:line 3',
  ' ---> ',
  '   --- End of inner exception stack trace ---',
  "a.rb:3:in 'A#b'",
  "': bad (ArgumentError)",
  '\tfrom ',
  '#0 /a/b.php(12): C->d()',
  '#1 {main}',
  'Next ',
  'Uncaught E: x in /a/b.php:12',
  '** (ArgumentError) ',
  '    (app 1.0) lib/a.ex:3: A.b/1',
  '{a,b,1,[{file,"a.erl"},{line,3}]}',
  '     in function  a:b/1 (a.erl, line 3)',
  'run@https://h/a.js:1:2',
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

test('reads functions of C++ whose names end as operators start', () => {
  const readable = (printed: string): unknown => {
    const [trace] = findTraces(`    #0 0x55d0a1b2c3d4 in ${printed} /srv/a.cc:3:1`);
    return trace?.frames[0]?.readable ?? trace?.frames[0]?.function;
  };
  assert.equal(readable('apply_operator(int)'), 'apply_operator');
  assert.equal(readable('acme::operator(int)'), 'acme::operator');
  assert.equal(readable('acme::operator-<int>(int)'), 'acme::operator-');
  assert.equal(readable('acme::operator<(int)'), 'acme::operator<');
  assert.equal(readable('acme::Order::operator()(int)'), 'acme::Order::operator()');
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
  'messages of Python without an end': (times) =>
    `Traceback (most recent call last):\n  File "a.py", line 1, in f\nE: x\n${'x\n'.repeat(70)}`.repeat(times / 40),
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
  'numbered lines': (times) => Array.from({ length: times }, (_, n) => `#${n} 0x55d0a1b2c3d4 in f (\n`).join(''),
  'a debugger frame of brackets': (times) => `#0  0x55d0a1b2c3d4 in ${'<('.repeat(times * 5)} at a.c:1`,
  'sanitizer names of brackets': (times) => `    #0 0x55d0a1b2c3d4 in ${'a<b('.repeat(times)} /a.cc:1:2\n`,
  'a mangled name': (times) => `./a(_Z${'N1aI'.repeat(times)}+0x1) [0x1]\n`,
  'frames at an at sign': (times) => '    @     0x55d0a1b2c3d4  f()\n'.repeat(times),
  'panics without backtraces': (times) => "thread 'main' panicked at src/main.rs:3:5:\nx\n".repeat(times),
  'backtraces without places': (times) => `stack backtrace:\n${'   0: a\n'.repeat(times)}`,
  'generics of Rust': (times) => `stack backtrace:\n   0: ${'<a as '.repeat(times)}\n`,
  'a name whose call never closes': (times) => `   at ${'Acme.Loader'.repeat(times)}(\n`,
  'calls that never close': (times) => `   at A.B${'(('.repeat(times * 5)} in C.cs:line 1\n`,
  'inner exceptions': (times) => `${'A.BException: x ---> '.repeat(times)}\n   at A.B() in C.cs:line 1\n`,
  'inner exceptions, one a line': (times) => `${' ---> A.BException: x\n'.repeat(times)}   at A.B() in C.cs:line 1\n`,
  'ends of inner exceptions': (times) =>
    `   at A.B() in C.cs:line 1\n${'   --- End of inner exception stack trace ---\n'.repeat(times)}`,
  'causes of Ruby': (times) => "a.rb:3:in 'b': x (E)\n\tfrom a.rb:3:in 'c'\n".repeat(times),
  'Ruby without a quote': (times) => "a.rb:3:in '".repeat(times),
  'PHP that goes on': (times) => '#0 /a.php(1): f()\n#1 {main}\n\nNext E: x in /a.php:1\nStack trace:\n'.repeat(times),
  'PHP places without an end': (times) => `#0 ${'/a.php(1): '.repeat(times)}\n`,
  'PHP in uncaught lines': (times) => `${'Uncaught E: x in \n'.repeat(times)}#0 /a.php(1): f()\n`,
  'terms of Erlang': (times) => '{a,b,1,[{file,"a.erl"},{line,3}]},'.repeat(times),
  'terms of Erlang without a line': (times) => '{a,b,1,[{file,"a.erl"}]}\n'.repeat(times),
  'terms of Erlang, broken everywhere': (times) => '{a,b,\n [c,\n [{file,"a.erl"},\n'.repeat(times),
  'terms that never close': (times) => `${'{a,b,['.repeat(times)}{file,"a.erl"`,
  'Elixir without headers': (times) => '    (app 1.0) lib/a.ex:3: A.b/1\n\n'.repeat(times),
  'almost places of all languages': (times) => 'a.go: a.rs: a.cs: a.php: a.ex: a.rb:in #1 @ [0x '.repeat(times),
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
    for (const _ of new TraceReader(counted));
    assert.ok(counted.looks <= 400 * lines + 1000, `${counted.looks} looks at ${lines} lines`);
    failureGroup({ stack: text });
    maskMessage(text);
  });
}
