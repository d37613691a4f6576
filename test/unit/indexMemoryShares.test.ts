/** Who gets how much of an index's memory. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fits, leastEnginesMb, memoryShares } from '../../src/index/memoryShares.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

test('tasks and engines together take no more than the limit, where they fit, and not much less', () => {
  const limits = fc.integer({ min: 128, max: 65_536 });
  fc.assert(
    fc.property(limits, fc.nat({ max: 65_536 }), (limitMb, tasksMb) => {
      const { engineMb, sqlMb } = memoryShares(limitMb, tasksMb);
      assert.ok(engineMb + sqlMb >= leastEnginesMb);
      if (!fits(limitMb, tasksMb)) return;
      const sumMb = tasksMb + engineMb + sqlMb;
      assert.ok(sumMb <= limitMb, `${sumMb} of ${limitMb}`);
      assert.ok(sumMb >= limitMb * 0.93 - 1, `${sumMb} of ${limitMb}`);
    }),
    { seed, numRuns: 2000 },
  );
});

test('a few tasks more change nothing', () => {
  const shares = Array.from({ length: 100 }, (_, tasksMb) => memoryShares(1024, 100 + tasksMb).engineMb);
  assert.ok(new Set(shares).size <= 3, String([...new Set(shares)]));
});
