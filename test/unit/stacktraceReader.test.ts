/** Traces are read one after the other: what is held meanwhile, and what stands below a trace that a message quotes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTraces, tracesIn } from '../../src/stacktrace/findTraces.ts';
import { type TextLine, TextLines } from '../../src/stacktrace/textLines.ts';
import type { Trace } from '../../src/stacktrace/trace.ts';
import { TraceReader } from '../../src/stacktrace/traceReader.ts';

const javascript = (type: string): string => `${type}: x\n    at run (/srv/a.js:1:2)\n`;

/** How far a reader has read. */
class WatchedLines extends TextLines {
  last = 0;

  override at(index: number): TextLine | undefined {
    this.last = Math.max(this.last, index);
    return super.at(index);
  }
}

/** `language type: message` of each trace. */
function namesIn(text: string): string[] {
  return findTraces(text).map(nameOf);
}

function nameOf({ language, type, message }: Trace): string {
  return `${language} ${type ?? '-'}${message === undefined ? '' : `: ${message}`}`;
}

test('a trace is given before the next one is looked for', () => {
  const lines = new WatchedLines(`${javascript('AError')}${'log line\n'.repeat(5000)}${javascript('BError')}`);
  const reader = new TraceReader(lines);
  assert.equal(reader.next().value?.type, 'AError');
  assert.ok(lines.last < 100, `line ${lines.last} was read`);
  assert.equal(reader.next().value?.type, 'BError');
});

test('where it is broken off it goes on, and past the end it stays there', () => {
  const traces = tracesIn(['AError', 'BError', 'CError'].map(javascript).join('\n'));
  for (const { type } of traces) {
    assert.equal(type, 'AError');
    break;
  }
  assert.deepEqual([...traces].map(nameOf), ['javascript BError: x', 'javascript CError: x']);
  const end = { done: true, value: undefined };
  assert.deepEqual([traces.next(), traces.next()], [end, end]);
});

test('lines are let go of, with traces on them and without', () => {
  for (const unit of ['log line\n', javascript('AError')]) {
    const lines = new TextLines(unit.repeat(10_000));
    const reader = new TraceReader(lines);
    while (reader.read());
    assert.equal(lines.at(0), undefined, unit);
    assert.ok(lines.at(unit.split('\n').length * 10_000 - 10_050) ?? lines.at(9_999), 'the last ones are kept');
  }
});

test('a trace is found behind any number of lines', () => {
  assert.deepEqual(namesIn(`${'\n'.repeat(200_000)}${javascript('AError')}`), ['javascript AError: x']);
});

test('of several writers the one whose trace starts first comes first, once', () => {
  const text = [
    'w-1 | TypeError: x',
    'w-2 | RangeError: y',
    'w-2 |     at f (/srv/a.js:1:2)',
    'w-1 |     at f (/srv/a.js:1:2)',
    'w-2 | then',
    'w-2 | SyntaxError: z',
    'w-2 |     at f (/srv/a.js:1:2)',
  ].join('\n');
  const names = ['javascript TypeError: x', 'javascript RangeError: y', 'javascript SyntaxError: z'];
  assert.deepEqual(namesIn(text), names);
  const traces = tracesIn(text);
  assert.deepEqual([...traces].map(nameOf), names);
  assert.deepEqual([...traces], []);
});

test('the goroutines of a dump are read one at a time', () => {
  const goroutine = (id: number) => `goroutine ${id} [running]:\nmain.run()\n\t/srv/a.go:${id} +0x1\n`;
  const dump = Array.from({ length: 5000 }, (_, at) => goroutine(at + 1)).join('\n');
  const lines = new WatchedLines(`panic: x\n\n${dump}`);
  const reader = new TraceReader(lines);
  const first = reader.read();
  assert.deepEqual([first?.type, first?.thread], ['panic', 'goroutine 1 [running]']);
  assert.ok(lines.last < 100, `line ${lines.last} was read`);
  const rest = [...reader];
  assert.equal(rest.length, 4999);
  assert.deepEqual([rest.at(-1)?.type, rest.at(-1)?.thread], [undefined, 'goroutine 5000 [running]']);
});

const below = '\tat com.acme.Host.run(Host.java:3)\n';

test('frames right below a quoted trace are named by the header before it', () => {
  const quoted = '    at run (/srv/a.js:1:2)\n';
  for (const prefix of ['', '> ', '[1] ', '[10] ']) {
    const text = [`TypeError: x\n`, quoted, below].map((line) => prefix + line).join('');
    assert.deepEqual(namesIn(text), ['javascript TypeError: x', 'jvm TypeError: x'], prefix);
  }
  assert.deepEqual(namesIn(`LoadError: x   at A.B() in C.cs:line 3\n${below}`), [
    'dotnet -',
    'jvm LoadError: x   at A.B() in C.cs:line 3',
  ]);
  const dump = 'goroutine 1 [running]:\nmain.a()\n\t/srv/a.go:1\n\ngoroutine 2 [running]:\nmain.b()\n\t/srv/b.go:1\n';
  assert.deepEqual(namesIn(`a.HostError: x\n${dump}${below}`), ['go -', 'go -', 'jvm a.HostError: x']);
});

test('what says nothing of a quoted trace names none', () => {
  const [frame, python] = ['    at run (/srv/a.js:1:2)\n', '  File "a.py", line 1, in run\n'];
  // The header belongs to the trace that was taken before the quoted one.
  assert.deepEqual(namesIn(`AError: x\n${frame}${python}${below}`), [
    'javascript AError: x',
    'python AError: x',
    'jvm -',
  ]);
  // In another string of the record.
  const record = JSON.stringify({ title: 'AError: x', stack: `${frame}${below}` });
  assert.equal(namesIn(record).at(-1), 'jvm -');
});

test('a name without a message leaves the message of the stack', () => {
  const stack = '  Write of size 4 at 0x7fe3c3075190 by thread T1:\n    #0 acme::count(void*) /srv/src/count.cc:7:9\n';
  assert.deepEqual(namesIn(`RemoteError\n    at run (/srv/a.js:1:2)\n${stack}`), [
    'javascript RemoteError',
    'cpp RemoteError: Write of size 4 at 0x7fe3c3075190 by thread T1',
  ]);
});

test('a call of .NET is a trace where the line above or below makes it one', () => {
  assert.deepEqual(namesIn('System.Exception: x\n   at Acme.Loader.Read()\n'), ['dotnet System.Exception: x']);
  assert.deepEqual(namesIn('   at Acme.Loader.Read()\n   at Acme.Loader.Run()\n'), ['dotnet -']);
  assert.deepEqual(namesIn('it waits\n\n   at Acme.Loader.Read()\n\n'), []);
  const record = JSON.stringify({ a: 'it waits\n\n   at Acme.Loader.Read()', b: '   at Acme.Loader.Run()\nx' });
  assert.deepEqual(namesIn(record), []);
});
