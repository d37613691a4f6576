import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TextFilter } from '../../src/index/segments/textFilter.ts';

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('Timed OUT: Σίσυφος İx', '\u212aelvin', 'a\ud800bcd'),
);

test('whatever part of a text is asked for may be there, after writing too', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), fc.nat(), fc.nat(), fc.boolean(), (texts, from, length, isUpper) => {
      const filter = TextFilter.empty();
      for (const each of texts) filter.add(each);
      const written = TextFilter.parse(filter.serialize());
      assert.ok(written);
      const whole = texts[from % texts.length] ?? '';
      const start = from % (whole.length + 1);
      const part = whole.slice(start, start + 1 + (length % 20));
      // Not every character has one that is the same again in lower case.
      const asked = isUpper && part.toUpperCase().toLowerCase() === part.toLowerCase() ? part.toUpperCase() : part;
      for (const each of [filter, written]) assert.ok(each.mayContain(asked));
    }),
  );
});

test('a word of which no part was seen is not there', () => {
  const filter = TextFilter.empty();
  for (let row = 0; row < 10_000; row++) filter.add(`opened chunk ${row * 7919} of offset ${row}`);
  const written = TextFilter.parse(filter.serialize());
  assert.equal(written?.mayContain('xylophone-7f3a'), false);
  assert.equal(written?.mayContain('CHUNK 7919'), true);
  assert.equal(written?.mayContain('xy'), true, 'too short to tell');
});

test('what is no filter is none', () => {
  for (const length of [0, 3, 750, 1_000_000]) {
    assert.equal(TextFilter.parse(new Uint8Array(length)), undefined);
  }
});
