/** Holds the join of tasks by their hashes to a plain one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { orderHashes } from '../../src/index/segments/hashOrder.ts';
import { type HashedPart, linkEqualHashes } from '../../src/index/tasks/equalHashes.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

/** Few that are equal in their high bits, in their low bits, or as a whole. */
const hash = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 40 }).map((low) => 2 ** 32 - 1 - low),
  fc.integer({ min: 0, max: 255 }).map((high) => high * 2 ** 24),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);

const segment = fc.record({
  hashes: fc.array(hash, { maxLength: 60 }),
  hides: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
  isHiding: fc.boolean(),
  copies: fc.constantFrom(1, 1, 1, 200),
});

function partsOf(segments: readonly { hashes: readonly number[]; hides: readonly boolean[] }[]): HashedPart[] {
  let base = 0;
  return segments.map(({ hashes, hides }) => {
    const { sorted, places } = orderHashes(Uint32Array.from(hashes));
    const hidden = Uint8Array.from(hashes, (_, at) => (hides[at % hides.length] ? 1 : 0));
    const shown = hidden.reduce((sum, each) => sum + 1 - each, 0);
    const links = new Uint32Array(hashes.length);
    const part = { base, hidden, shown, links, tasks: { sortedHashes: sorted, placesOfHashes: places } };
    base += hashes.length;
    return part;
  });
}

test('each task is linked to the first that has its hash', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), fc.nat(6), (drawn, split) => {
      const segments = drawn.map(({ hashes, hides, isHiding, copies }) => ({
        // Many: several neighbourhoods, and tables that grow.
        hashes: Array.from({ length: copies }, (_, copy) => hashes.map((each) => (each + copy * 7919) >>> 0)).flat(),
        hides: isHiding ? hides : [false],
      }));
      const parts = partsOf(segments);
      const first = new Map<number, number>();
      const expected: number[][] = [];
      for (const [at, { hashes }] of segments.entries()) {
        const { hidden = new Uint8Array(0), base = 0 } = parts[at] ?? {};
        expected.push(hashes.map(() => 0));
        for (const [place, each] of hashes.entries()) {
          if (hidden[place] === 1) continue;
          const known = first.get(each);
          if (known === undefined) first.set(each, base + place);
          else if (at >= split) (expected[at] ?? [])[place] = known + 1;
        }
      }
      linkEqualHashes(parts.slice(0, split), parts.slice(split));
      assert.deepEqual(
        parts.map(({ links }) => [...links]),
        expected,
      );
    }),
    { numRuns: 300, seed },
  );
});

test('hashes are ordered, and equal ones keep their order', () => {
  fc.assert(
    fc.property(fc.array(hash), (hashes) => {
      const { sorted, places } = orderHashes(Uint32Array.from(hashes));
      const expected = hashes.map((value, place) => ({ value, place })).sort((a, b) => a.value - b.value);
      assert.deepEqual(
        [...sorted].map((value, at) => ({ value, place: places[at] })),
        expected,
      );
    }),
    { seed },
  );
});
