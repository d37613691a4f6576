/** Errors that differ in lines and columns alone are named once, and every error has the group that its own text gives it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DraftTexts } from '../../src/index/segments/draftColumns.ts';
import { type ErrorColumns, KnownGroups } from '../../src/index/segments/knownGroups.ts';
import type { ErrorInfo } from '../../src/model/record.ts';
import { failureGroup, nameFailure } from '../../src/stacktrace/failureGroup.ts';
import { findTraces } from '../../src/stacktrace/findTraces.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

/** Groups of errors, one after the other, by one that remembers; and how many it had to find out. */
function remembered(errors: readonly ErrorInfo[]): { groups: (string | undefined)[]; foundOut: number } {
  let foundOut = 0;
  const known = new KnownGroups((error) => {
    foundOut += 1;
    return nameFailure(error);
  });
  const column = (part: keyof ErrorInfo): DraftTexts => {
    const texts = new DraftTexts(errors.length);
    for (const [row, error] of errors.entries()) texts.set(row, error[part]);
    return texts;
  };
  const columns: ErrorColumns = { type: column('type'), message: column('message'), stack: column('stack') };
  return { groups: errors.map((_, row) => known.groupOf(columns, row)), foundOut };
}

const folder = join(import.meta.dirname, '../fixtures/traces');
const stacks = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    return [text, ...findTraces(text).map(({ start, end }) => text.slice(start, end))];
  });

test('frames elsewhere in their files are looked up', () => {
  const stack = (line: number) =>
    `TypeError: x\n    at decode (/app/src/decode.ts:${line}:7)\n    at async run (/app/src/run.ts:${line + 90}:${line})`;
  const errors = [1, 2, 30, 444, 5555].map((line) => ({ type: 'TypeError', message: 'x', stack: stack(line) }));
  const { groups, foundOut } = remembered(errors);
  assert.equal(foundOut, 1);
  assert.deepEqual(new Set(groups), new Set([failureGroup(errors[0] ?? {})]));
});

test('another message, type or function is another error', () => {
  const error = { type: 'E', message: 'm', stack: 'E: m\n\tat com.acme.Task.run(Task.java:3)\n' };
  const others = [
    error,
    { ...error, type: 'F' },
    { ...error, message: 'n' },
    { ...error, stack: error.stack.replace('run', 'go') },
    // The same texts in other places.
    { type: 'm', message: 'E', stack: error.stack },
    { message: 'Em', stack: error.stack },
    { stack: error.stack },
    {},
  ];
  const { groups, foundOut } = remembered([...others, ...others]);
  assert.deepEqual(groups, [...others, ...others].map(failureGroup));
  // What has no text at all is not remembered.
  assert.equal(foundOut, others.length + 1);
});

test('a message with numbers that look like a place keeps its own group', () => {
  const filler = 'x'.repeat(985);
  const errors = [1, 22, 333, 4444].map((line) => ({
    type: 'E',
    message: `${filler}\n at y (z.ts:${line}:${line})abc`,
  }));
  const times = ['10:20:30', '99:20:30', '1:2'].map((time) => ({
    message: `m\n at y (${time})`,
    stack: `E: m\n at y (${time})`,
  }));
  const all = [...errors, ...times, ...errors.map(({ message }) => ({ stack: message }))];
  assert.deepEqual(remembered(all).groups, all.map(failureGroup));
});

test('known traces of all languages have the same group, whatever numbers are in them', () => {
  const digits = fc.stringMatching(/^\d{1,7}$/);
  let [all, found] = [0, 0];
  fc.assert(
    fc.property(fc.constantFrom(...stacks), fc.array(digits, { minLength: 1, maxLength: 40 }), (stack, numbers) => {
      const renumbered = (from: number): string => {
        let next = from;
        return stack.replaceAll(/(?<=:)\d+/g, () => numbers[next++ % numbers.length] ?? '1');
      };
      const errors = [
        { stack },
        { stack: renumbered(0) },
        { stack: renumbered(1) },
        { type: 'E', stack: renumbered(2) },
      ];
      const { groups, foundOut } = remembered(errors);
      assert.deepEqual(groups, errors.map(failureGroup));
      all += errors.length;
      found += foundOut;
    }),
    { numRuns: 1500, seed },
  );
  assert.ok(found < all, 'nothing was looked up: that says nothing');
});
