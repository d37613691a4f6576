/** Prints, for every format, how many traces and frames were found, missed, opened wrongly or not at all: `npm run bench -- stacktraceTruth`. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { type Trace, tracesWithin } from '../../src/stacktrace/trace.ts';
import { textsByWriter } from '../../src/stacktrace/writers.ts';
import { programs, runProgram, truthOf } from '../fixtures/traces/programs/runPrograms.ts';

const folder = join(import.meta.dirname, '../fixtures/traces');

interface Row {
  readonly format: string;
  readonly traces: number;
  readonly frames: number;
  readonly misses: number;
  /** `undefined` where there is no source to open: fixtures are text only. */
  readonly wrong: number | undefined;
  readonly unresolved: string;
}

/** The shape in which fixtures keep what is expected of them. */
interface Outline {
  readonly language: string;
  readonly frames: readonly string[];
  readonly cause?: Outline;
  readonly members?: readonly Outline[];
  readonly suppressed?: readonly Outline[];
}

const rows: Row[] = [];
for (const row of fixtureRows()) rows.push(row);
for (const program of programs) {
  const ran = runProgram(program);
  if (ran.kind === 'missing') {
    console.log(`${program.name}: left out, apt-get install ${ran.packages.join(' ')}`);
    continue;
  }
  const truth = await truthOf(program, ran);
  ran.remove();
  rows.push({
    format: `${program.name} (real)`,
    traces: truth.traces.flatMap((trace) => [...tracesWithin(trace)]).length,
    frames: truth.frames,
    misses: truth.misses,
    wrong: truth.wrong.length,
    unresolved: `${truth.unresolved.length} of ${truth.inApp}`,
  });
}

console.log('| format | traces | frames | misses | wrong | unresolved |');
console.log('|---|---|---|---|---|---|');
for (const { format, traces, frames, misses, wrong, unresolved } of rows) {
  console.log(`| ${format} | ${traces} | ${frames} | ${misses} | ${wrong ?? ''} | ${unresolved} |`);
}
process.exitCode = rows.some(({ misses, wrong }) => misses > 0 || (wrong ?? 0) > 0) ? 1 : 0;

/** One row a language: all fixtures and all the ways in which logs wrap them. */
function fixtureRows(): Row[] {
  const byLanguage = new Map<string, { traces: number; frames: number; misses: number }>();
  const wrappings: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => text.replaceAll('\n', '\r\n'),
    (text) => onEachLine(text, (line) => `worker-1  | ${line}`),
    (text) => onEachLine(text, (line) => `2026-11-23T10:00:00.000Z ERROR ${line}`),
    (text) => onEachLine(text, (line) => `\u001b[31m${line}\u001b[39m`),
    (text) => JSON.stringify({ level: 'error', stack: text }),
    (text) => JSON.stringify({ log: JSON.stringify({ stack: text }) }),
    (text) => onEachLine(text, (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' })),
  ];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    // Our own tests write these files; see stacktraceFixtures.test.ts.
    const expected = JSON.parse(readFileSync(join(folder, file.replace(/txt$/, 'json')), 'utf8')) as Outline[];
    const wanted = countOutlines(expected);
    // Texts with escaped newlines or writers of their own are not wrapped once more.
    const isWrapped = text.includes(String.raw`\n`) || textsByWriter(text) !== undefined;
    for (const wrap of isWrapped ? wrappings.slice(0, 1) : wrappings) {
      const found = countTraces(findTraces(wrap(text)));
      for (const language of new Set([...wanted.keys(), ...found.keys()])) {
        const { traces, frames } = wanted.get(language) ?? { traces: 0, frames: 0 };
        const sum = byLanguage.get(language) ?? { traces: 0, frames: 0, misses: 0 };
        byLanguage.set(language, {
          traces: sum.traces + traces,
          frames: sum.frames + frames,
          misses: sum.misses + Math.abs(frames - (found.get(language)?.frames ?? 0)),
        });
      }
    }
  }
  return [...byLanguage].map(([language, sum]) => ({
    format: `${language} (fixtures)`,
    ...sum,
    wrong: undefined,
    unresolved: '',
  }));
}

type Counts = Map<string, { traces: number; frames: number }>;

function countOutlines(outlines: readonly Outline[], counts: Counts = new Map()): Counts {
  for (const outline of outlines) {
    add(counts, outline.language, outline.frames.length);
    const { cause, members = [], suppressed = [] } = outline;
    countOutlines([...(cause ? [cause] : []), ...members, ...suppressed], counts);
  }
  return counts;
}

function countTraces(traces: readonly Trace[]): Counts {
  const counts: Counts = new Map();
  for (const trace of traces) {
    for (const { language, frames } of tracesWithin(trace)) add(counts, language, frames.length);
  }
  return counts;
}

function add(counts: Counts, language: string, frames: number): void {
  const sum = counts.get(language) ?? { traces: 0, frames: 0 };
  counts.set(language, { traces: sum.traces + 1, frames: sum.frames + frames });
}

function onEachLine(text: string, change: (line: string) => string): string {
  return `${text.trimEnd().split('\n').map(change).join('\n')}\n`;
}
