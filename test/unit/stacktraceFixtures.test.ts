/** Every fixture of test/fixtures/traces parses to what stands beside it, bare and inside whatever logs wrap around it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { type Frame, type Trace, tracesWithin } from '../../src/stacktrace/trace.ts';

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

const wrappings: Readonly<Record<string, (text: string) => string>> = {
  'CRLF line ends': (text) => text.replaceAll('\n', '\r\n'),
  'a container prefix on every line': (text) => onEachLine(text, (line) => `worker-1  | ${line}`),
  'a timestamp and level on every line': (text) => onEachLine(text, (line) => `2026-11-23T10:00:00.000Z ERROR ${line}`),
  'a CRI prefix on every line': (text) => onEachLine(text, (line) => `2026-11-23T10:00:00.123456789Z stderr F ${line}`),
  colours: (text) => onEachLine(text, (line) => `\u001b[31m${line}\u001b[39m\u001b[0m`),
  'a JSON string': (text) => JSON.stringify({ level: 'error', stack: text, worker: 'w-1' }),
  'JSON in a JSON string': (text) => JSON.stringify({ log: JSON.stringify({ stack: text }), stream: 'stderr' }),
  "Docker's record for every line": (text) =>
    onEachLine(text, (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' })),
};

for (const [how, wrap] of Object.entries(wrappings)) {
  for (const name of plain) {
    const text = readFileSync(join(folder, `${name}.txt`), 'utf8');
    test(`${name}: the same frames inside ${how}`, () => {
      const wrapped = wrap(text);
      const expected = framesOf(findTraces(text));
      const found = framesOf(findTraces(wrapped));
      assert.deepEqual(found.map(brief), expected.map(brief));
      for (const frame of found) assert.equal(unwrapped(wrapped.slice(frame.start, frame.end), how), frame.raw);
    });
  }
}

function onEachLine(text: string, change: (line: string) => string): string {
  return `${text.trimEnd().split('\n').map(change).join('\n')}\n`;
}

function unwrapped(slice: string, how: string): string {
  const levels = how === 'JSON in a JSON string' ? 2 : how.includes('JSON') || how.includes('Docker') ? 1 : 0;
  let text = slice;
  for (let level = 0; level < levels; level++) text = JSON.parse(`"${text}"`) as string;
  return text;
}

function framesOf(traces: readonly Trace[]): Frame[] {
  return traces.flatMap((trace) => [...tracesWithin(trace)]).flatMap((trace) => trace.frames);
}

/** `* Loader.run src/a.ts:1:2`: the star marks the team's own code. */
function brief(frame: Frame): string {
  const name = [frame.module, frame.function].filter((part) => part !== undefined).join(' ');
  const place = [frame.file, frame.line1, frame.column1].filter((part) => part !== undefined).join(':');
  const times = frame.repeated === undefined ? '' : ` ×${frame.repeated}`;
  const readable = frame.readable === undefined ? '' : ` = ${frame.readable}`;
  return `${frame.inApp ? '*' : '-'} ${name} (${place})${frame.afterGap ? ' …' : ''}${times}${readable}`;
}

function outline(trace: Trace): object {
  return {
    language: trace.language,
    ...(trace.type === undefined ? {} : { type: trace.type }),
    ...(trace.message === undefined ? {} : { message: trace.message }),
    ...(trace.thread === undefined ? {} : { thread: trace.thread }),
    frames: trace.frames.map(brief),
    ...(trace.elided === undefined ? {} : { elided: trace.elided }),
    ...(trace.cause ? { cause: outline(trace.cause) } : {}),
    ...(trace.members ? { members: trace.members.map(outline) } : {}),
    ...(trace.suppressed ? { suppressed: trace.suppressed.map(outline) } : {}),
  };
}
