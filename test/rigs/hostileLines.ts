/** Lines as no honest writer writes them: for fuzzing what reads logs. */

import * as fc from 'fast-check';

const names = fc.oneof(
  fc.constantFrom(
    'ts',
    'event',
    'task',
    'attempt',
    'account',
    'worker',
    'message',
    'error',
    'build',
    'key',
    'bytes',
    'level',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '_rest',
    '',
    ' ',
    '.',
    'a.b',
    'a',
    'http',
    'é',
    '\u001f',
    '\u2028',
    '\u202e',
    '\ufeff',
    '*',
    '"',
    '\\',
    "'; DROP TABLE records; --",
    '$1',
    '{}',
    '%',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

/** Spelt as JSON allows, and JavaScript would not write it. */
const numbers = fc.oneof(
  fc.constantFrom(
    '-0',
    '0e0',
    '1e-400',
    '1e308',
    '9007199254740993',
    '123456789012345678901234567890',
    '0.1e1',
    '-1E+2',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const strings = fc.oneof(
  fc.constantFrom(
    String.raw`"\ud800"`,
    String.raw`"\udc00\ud800"`,
    String.raw`"\u0000"`,
    String.raw`"\u001f"`,
    '"\u2028"',
    '"\ufeff"',
    '"2026-11-23T10:00:00Z"',
    '"99999-01-01"',
    '"503"',
    '"true"',
    '""',
    '"NaN"',
    '"__proto__"',
    '"task.failed"',
    `"${'x'.repeat(5000)}"`,
  ),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => JSON.stringify(text)),
);

const { value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false'),
    numbers,
    strings,
    tie('object'),
    tie('array'),
  ),
  array: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  // Names may come twice.
  object: fc
    .array(fc.tuple(names, tie('value')), { maxLength: 5 })
    .map((members) => `{${members.map(([name, member]) => `${JSON.stringify(name)}:${member}`).join(' ,')}}`),
}));

const times = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1.7e12, max: 1.8e12 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '8640000000000000',
      '-8640000000000000',
      '8640000000000001',
      '-1',
      '0',
      '1e3',
      '1.5',
      'null',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"0000-01-01T00:00:00Z"',
      '"9999-12-31T23:59:59.999Z"',
      '"2026-02-30T00:00:00Z"',
      '"now"',
    ),
  },
);

const members = fc.array(fc.tuple(names, value), { maxLength: 8 });
const records = fc.tuple(times, members).map(([ts, others]) => {
  const written = others.map(([name, member]) => `${JSON.stringify(name)}:${member}`);
  return `{${[`"ts":${ts}`, ...written].join(',')}}`;
});

const nested = fc
  .tuple(fc.constantFrom('{"a":', '['), fc.constantFrom(3, 400, 600, 100_000), fc.boolean())
  .map(([open, depth, isClosed]) => {
    const close = isClosed ? (open === '[' ? ']' : '}').repeat(depth) : '';
    return `{"ts":1,"deep":${open.repeat(depth)}1${close}}`;
  });

const texts = fc.oneof(
  { weight: 8, arbitrary: records },
  { weight: 2, arbitrary: fc.tuple(records, fc.nat(200)).map(([text, at]) => text.slice(0, at)) },
  { weight: 1, arbitrary: value },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', '\t\r', '\ufeff', '\ufeff{"ts":1}', '\u00a0', '\0', 'null', '{}', '[]'),
  },
);

/** Bytes without a line feed. */
export const hostileLine: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 9, arbitrary: texts.map((text) => Buffer.from(text.replaceAll('\n', ' '))) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0xff : byte)))),
  },
);

export function isBlankLine(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
