/** Writers whose lines are mixed: each one's traces are what they are when it writes alone. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { type Trace, tracesWithin } from '../../src/stacktrace/trace.ts';

const fixture = (name: string): string[] =>
  readFileSync(join(import.meta.dirname, `../fixtures/traces/${name}.txt`), 'utf8')
    .trimEnd()
    .split('\n');

const texts = ['javascript-inspect', 'python-chained', 'jvm-causes', 'go-panic', 'rust-panic', 'dotnet-inner'].map(
  fixture,
);
const prefixes: readonly ((writer: number) => string)[] = [
  (writer) => `worker-${writer}  | `,
  (writer) => `\u001b[3${writer}mworker-${writer}  | \u001b[0m`,
  (writer) => `[pod/ingest-${writer}/worker] `,
  (writer) => `Nov 23 10:00:0${writer} host ingest[471${writer}]: `,
];

/** What a frame is, wherever it stands. */
function framesOf(traces: readonly Trace[]): string[] {
  return traces
    .flatMap((trace) => [...tracesWithin(trace)])
    .flatMap(({ language, type, frames }) => frames.map((frame) => `${language} ${type ?? ''} ${frame.raw}`));
}

test('finds the traces of each writer, however their lines are mixed', () => {
  const mixing = fc.record({
    prefix: fc.constantFrom(...prefixes),
    chosen: fc.uniqueArray(fc.nat(texts.length - 1), { minLength: 2, maxLength: 4 }),
    order: fc.array(fc.nat(3), { minLength: 400, maxLength: 400 }),
  });
  fc.assert(
    fc.property(mixing, ({ prefix, chosen, order }) => {
      const left = chosen.map((text, writer) => (texts[text] ?? []).map((line) => `${prefix(writer)}${line}`));
      const alone = left.flatMap((lines) => framesOf(findTraces(lines.join('\n'))));
      const mixed: string[] = [];
      for (const turn of order) {
        const line = left[turn % left.length]?.shift();
        if (line !== undefined) mixed.push(line);
      }
      const text = [...mixed, ...left.flat()].join('\n');
      const traces = findTraces(text);
      assert.deepEqual(framesOf(traces).toSorted(), alone.toSorted());
      for (const trace of traces) {
        for (const frame of trace.frames) assert.equal(text.slice(frame.start, frame.end), frame.raw);
      }
      assert.deepEqual(
        traces,
        traces.toSorted((a, b) => a.start - b.start),
      );
    }),
    { numRuns: 150, seed: 20261123 },
  );
});

test('one writer, or none that is named, is read as one text', () => {
  const trace = 'TypeError: x\n    at f (/a/b.ts:1:2)\n    at g (/a/c.ts:3:4)';
  for (const prefix of ['', 'worker-1  | ', 'some words | ']) {
    const text = trace.replace(/^/gm, prefix);
    assert.deepEqual(
      findTraces(text).map(({ type, frames }) => [type, frames.length]),
      [['TypeError', 2]],
    );
  }
});
