/** Prints, for every format, how many traces and frames were found, missed, opened wrongly or not at all: `npm run bench -- stacktraceTruth`. */

import { tracesWithin } from '../../src/stacktrace/trace.ts';
import { fixtureTruth } from '../fixtures/traces/fixtureTruth.ts';
import { programs, runProgram, truthOf } from '../fixtures/traces/programs/runPrograms.ts';

interface Row {
  readonly format: string;
  readonly traces: number;
  readonly frames: number;
  readonly misses: number;
  /** `undefined` where there is no source to open: fixtures are text only. */
  readonly wrong: number | undefined;
  /** In-app frames that open nothing, of how many. */
  readonly unresolved: { readonly frames: number; readonly of: number } | undefined;
}

const rows: Row[] = [];
for (const { language, ...counts } of fixtureTruth()) {
  rows.push({ format: `${language} (fixtures)`, ...counts, wrong: undefined, unresolved: undefined });
}
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
    unresolved: { frames: truth.unresolved.length, of: truth.inApp },
  });
}

console.log('| format | traces | frames | misses | wrong | unresolved |');
console.log('|---|---|---|---|---|---|');
const all: Row = {
  format: '**all**',
  traces: sum(({ traces }) => traces),
  frames: sum(({ frames }) => frames),
  misses: sum(({ misses }) => misses),
  wrong: sum(({ wrong }) => wrong ?? 0),
  unresolved: {
    frames: sum(({ unresolved }) => unresolved?.frames ?? 0),
    of: sum(({ unresolved }) => unresolved?.of ?? 0),
  },
};
for (const { format, traces, frames, misses, wrong, unresolved } of [...rows, all]) {
  const opened = unresolved ? `${unresolved.frames} of ${unresolved.of}` : '';
  console.log(`| ${format} | ${traces} | ${frames} | ${misses} | ${wrong ?? ''} | ${opened} |`);
}
const isTrue = all.misses === 0 && all.wrong === 0 && (all.unresolved?.frames ?? 0) <= 0.02 * (all.unresolved?.of ?? 0);
process.exitCode = isTrue ? 0 : 1;

function sum(of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
