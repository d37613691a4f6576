/** Failure groups of every fixture's traces stay what they are: ids are compared across releases and machines. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failureGroup } from '../../src/stacktrace/failureGroup.ts';
import { findTraces } from '../../src/stacktrace/findTraces.ts';

const folder = join(import.meta.dirname, '../fixtures/traces');
const golden = join(folder, 'groups.golden');

/** One line a trace: `fixture number group`. */
const groups = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    return findTraces(text).map(
      ({ start, end }, index) =>
        `${name.slice(0, -'.txt'.length)} ${index} ${failureGroup({ stack: text.slice(start, end) }) ?? '-'}`,
    );
  });

test('the group of each known trace is the one that it always had', () => {
  const known = existsSync(golden) ? readFileSync(golden, 'utf8').trimEnd().split('\n') : [];
  // A new fixture adds its lines with UPDATE_FIXTURES=1; a line that changed needs a new version of the algorithm.
  const added = groups.filter((line) => !known.some((old) => sameTrace(old, line)));
  if (process.env['UPDATE_FIXTURES'] === '1') writeFileSync(golden, `${[...known, ...added].join('\n')}\n`);
  else assert.deepEqual(added, []);
  for (const line of known) assert.ok(groups.includes(line), `${line} was the group of that trace`);
});

function sameTrace(one: string, other: string): boolean {
  return one.split(' ', 2).join(' ') === other.split(' ', 2).join(' ');
}
