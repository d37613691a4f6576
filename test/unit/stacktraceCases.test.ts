/** Every case of test/fixtures/traces/cases is read as it says: bare, inside each kind of log, and all in one text. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { type Frame, type Trace, tracesWithin } from '../../src/stacktrace/trace.ts';
import { textsByWriter } from '../../src/stacktrace/writers.ts';
import { fixtureTruth } from '../fixtures/traces/fixtureTruth.ts';
import { briefFrame, outlineLines, readTraceCases, wrappings } from '../fixtures/traces/traceCases.ts';

const cases = readTraceCases();

for (const { name, text, expected } of cases) {
  test(`${name}: finds what is expected`, () => {
    assert.deepEqual(outlineLines(findTraces(text)), expected);
  });

  test(`${name}: the same frames inside logs`, () => {
    const frames = framesOf(findTraces(text));
    if (!isWrappable(text)) return;
    for (const { name: how, wrap, levels } of wrappings) {
      const wrapped = wrap(text);
      const found = framesOf(findTraces(wrapped));
      assert.deepEqual(found.map(briefFrame), frames.map(briefFrame), how);
      for (const { start, end, raw } of found) assert.equal(unquoted(wrapped.slice(start, end), levels), raw, how);
    }
  });
}

test('all cases in one log are told apart', () => {
  const log = cases.filter(({ text }) => isWrappable(text));
  const text = log.map((one) => `2026-11-23T10:00:00.000Z INFO next\n\n${one.text}\n`).join('');
  assert.deepEqual(
    outlineLines(findTraces(text)),
    log.flatMap(({ expected }) => expected),
  );
});

test('the documented table counts what there is', () => {
  const documented = readFileSync(join(import.meta.dirname, '../../docs/stack-traces.md'), 'utf8');
  // Written anew by `npm run bench -- stacktraceTruth`.
  for (const { language, traces, frames, misses } of fixtureTruth()) {
    assert.equal(misses, 0, language);
    const row = `| ${language} (fixtures) | ${traces} | ${frames} | 0 |`;
    assert.ok(documented.includes(row), `docs/stack-traces.md has no ${row}`);
  }
});

/** Texts with escaped newlines or writers of their own would not be the same ones once they are wrapped. */
function isWrappable(text: string): boolean {
  return !text.includes(String.raw`\n`) && textsByWriter(text) === undefined;
}

function unquoted(slice: string, levels: number): string {
  let text = slice;
  for (let level = 0; level < levels; level++) text = String(JSON.parse(`"${text}"`));
  return text;
}

function framesOf(traces: readonly Trace[]): Frame[] {
  return traces.flatMap((trace) => [...tracesWithin(trace)]).flatMap((trace) => trace.frames);
}
