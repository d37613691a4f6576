/** Holds the dictionaries in a scanner's memory to a plain map. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Scanner } from '../../src/index/scanner/scanner.ts';
import { heldBytesOf, textAt } from '../../src/index/texts.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261127);

/** As UTF-8 tells it: half of a surrogate pair is U+FFFD. */
const told = (text: string): string => Buffer.from(text).toString();

const texts = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'w-7', 'é', '\u{1F600}', '\ud83d', 'x\ude00', '\u0000'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.tuple(fc.constantFrom('a', 'é', '\u{1F600}'), fc.nat(40_000)).map(([unit, count]) => unit.repeat(count)),
  // They differ in one byte alone, wherever it is.
  fc.tuple(fc.nat(300), fc.nat(300)).map(([length, at]) => `${'-'.repeat(at)}+${'-'.repeat(length)}`),
);

test('texts have numbers in the order of their first mention, and are told again', () => {
  const scanner = new Scanner();
  const [own, other] = [scanner.newTexts(), scanner.newTexts()];
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 60 }), (mentioned) => {
      own.clear();
      const codes = new Map<string, number>();
      for (const text of mentioned) {
        const code = codes.get(told(text)) ?? codes.size + 1;
        codes.set(told(text), code);
        assert.equal(own.codeOf(text), code);
        other.codeOf(`${code}`);
      }
      assert.equal(own.count, codes.size);
      assert.deepEqual(
        Array.from({ length: own.count }, (_, at) => textAt(own, at)),
        [...codes.keys()],
      );
    }),
    { numRuns: 200, seed },
  );
});

test('many texts are found again while their dictionary and the memory grow', () => {
  const scanner = new Scanner();
  const own = scanner.newTexts();
  own.codeOf('first');
  const before = own.bytes;
  const count = 200_000;
  const textOf = (at: number): string => `task-${at}-${'x'.repeat(at % 50)}`;
  for (let at = 0; at < count; at++) assert.equal(own.codeOf(textOf(at)), at + 2);
  for (let at = 0; at < count; at += 7) assert.equal(own.codeOf(textOf(at)), at + 2);
  assert.equal(before.length, 0, 'the memory did not grow: this would say nothing');
  assert.equal(textAt(own, 0), 'first');
  assert.equal(textAt(own, count), textOf(count - 1));
  assert.ok(heldBytesOf(own) > (own.starts[own.count] ?? 0));
});

test('the hash of a scanner is its own, so that nobody can write texts that have the same one', () => {
  const keys = [new Scanner(), new Scanner()].map(({ memory }) => Buffer.from(memory.bytes.slice(0, 4096)));
  assert.notDeepEqual(keys[0], keys[1]);
});

test('texts that were too large for the memory leave it as it was', () => {
  const scanner = new Scanner();
  const [own, other] = [scanner.newTexts(), scanner.newTexts()];
  assert.equal(own.codeOf('first'), 1);
  for (let round = 0; round < 3; round++) {
    // As much as a text of so many bytes asks for, which would have to be made first.
    assert.throws(() => scanner.roomForText(2 ** 30), /no memory is left/);
    for (let at = 0; at < 500; at++) {
      const text = `${round} ${at} ${'x'.repeat(at)}`;
      assert.equal(own.codeOf(text), other.codeOf(text) + 1);
    }
  }
  assert.equal(textAt(own, 0), 'first');
  for (let at = 0; at < other.count; at++) assert.equal(textAt(own, at + 1), textAt(other, at));
  assert.equal(textAt(other, 1499), `2 499 ${'x'.repeat(499)}`);
});
