/** Every fixture of test/fixtures/traces parses to what stands beside it, bare and inside whatever logs wrap around it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { type Frame, type Trace, tracesWithin } from '../../src/stacktrace/trace.ts';
import { briefFrame, wrappings } from '../fixtures/traces/traceCases.ts';

const folder = join(import.meta.dirname, '../fixtures/traces');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.slice(0, -'.txt'.length));

/** `UPDATE_FIXTURES=1` writes what was found: read the difference before committing it. */
const update = process.env['UPDATE_FIXTURES'] === '1';

for (const name of names) {
  const text = readFileSync(join(folder, `${name}.txt`), 'utf8');

  test(`${name}: finds the expected traces`, () => {
    const found = findTraces(text).map(outline);
    if (update) writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(found, null, 2)}\n`);
    assert.deepEqual(found, JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
  });

  test(`${name}: each frame's range is its text`, () => {
    for (const frame of framesOf(findTraces(text))) {
      if (text.includes(String.raw`\n`)) assert.ok(frame.start < frame.end && frame.end <= text.length);
      else assert.equal(text.slice(frame.start, frame.end), frame.raw);
    }
  });
}

/** Texts with no escaped newline and no writers of their own, so that wrapping them is the only change. */
const plain = names.filter((name) => name !== 'mixed' && name !== 'interleaved');

for (const { name: how, wrap, levels } of wrappings) {
  for (const name of plain) {
    const text = readFileSync(join(folder, `${name}.txt`), 'utf8');
    test(`${name}: the same frames inside ${how}`, () => {
      const wrapped = wrap(text);
      const expected = framesOf(findTraces(text));
      const found = framesOf(findTraces(wrapped));
      assert.deepEqual(found.map(briefFrame), expected.map(briefFrame));
      for (const frame of found) assert.equal(unquoted(wrapped.slice(frame.start, frame.end), levels), frame.raw);
    });
  }
}

function unquoted(slice: string, levels: number): string {
  let text = slice;
  for (let level = 0; level < levels; level++) text = String(JSON.parse(`"${text}"`));
  return text;
}

function framesOf(traces: readonly Trace[]): Frame[] {
  return traces.flatMap((trace) => [...tracesWithin(trace)]).flatMap((trace) => trace.frames);
}

function outline(trace: Trace): object {
  return {
    language: trace.language,
    ...(trace.type === undefined ? {} : { type: trace.type }),
    ...(trace.message === undefined ? {} : { message: trace.message }),
    ...(trace.thread === undefined ? {} : { thread: trace.thread }),
    frames: trace.frames.map(briefFrame),
    ...(trace.elided === undefined ? {} : { elided: trace.elided }),
    ...(trace.cause ? { cause: outline(trace.cause) } : {}),
    ...(trace.members ? { members: trace.members.map(outline) } : {}),
    ...(trace.suppressed ? { suppressed: trace.suppressed.map(outline) } : {}),
  };
}
