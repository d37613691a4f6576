/** Programs of many languages fail for real: every printed frame is found, none opens a wrong line. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tracesWithin } from '../../src/stacktrace/trace.ts';
import { programs, runProgram, truthOf } from '../fixtures/traces/programs/runPrograms.ts';
import { skipWithout } from '../rigs/systemPart.ts';

for (const program of programs) {
  test(`${program.name}: every frame is found and opens its own line`, async (t) => {
    const ran = runProgram(program);
    if (ran.kind === 'missing') {
      skipWithout(t, `no runtime on this machine: apt-get install ${ran.packages.join(' ')}`);
      return;
    }
    t.after(ran.remove);
    const truth = await truthOf(program, ran);
    assert.ok(truth.frames > 0, ran.text);
    assert.equal(truth.misses, 0, ran.text);
    assert.deepEqual(truth.wrong, [], ran.text);
    assert.deepEqual(truth.unresolved, [], ran.text);
    assert.ok(truth.inApp > 0, ran.text);
    const within = truth.traces.flatMap((trace) => [...tracesWithin(trace)]);
    assert.deepEqual([...new Set(within.map(({ language }) => language))], [program.language], ran.text);
    for (const type of program.types)
      assert.ok(
        within.some((trace) => trace.type === type),
        `${type} in ${ran.text}`,
      );
  });
}
