import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { formatQuery } from '../../src/model/query/formatQuery.ts';
import { formatProblem, parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');

function parsed(text: string): Query {
  const result = parseQuery(text, { nowMs });
  if (result.kind === 'problem') assert.fail(`${text}: ${formatProblem(result.problem)}`);
  return result.query;
}

function whereOf(text: string): unknown {
  return parsed(text).where;
}

const equals = (field: string, value: string) => ({ kind: 'field', field, comparison: { kind: 'equals', value } });
const text = (value: string) => ({ kind: 'text', text: value });

suite('parseQuery', () => {
  test('reads an empty query as one that matches everything', () => {
    assert.deepEqual(parsed('  '), { text: '  ', time: {} });
  });

  test('reads terms next to each other as all to be met', () => {
    assert.deepEqual(parsed('account:acme "timed out" -source:test since:2h'), {
      text: 'account:acme "timed out" -source:test since:2h',
      where: {
        kind: 'and',
        terms: [equals('account', 'acme'), text('timed out'), { kind: 'not', term: equals('source', 'test') }],
      },
      time: { sinceMs: nowMs - 7_200_000 },
    });
  });

  test('reads commas as alternatives of one field', () => {
    assert.deepEqual(whereOf('status:failed,retrying'), {
      kind: 'or',
      terms: [equals('status', 'failed'), equals('status', 'retrying')],
    });
  });

  test('reads groups, nested and negated', () => {
    assert.deepEqual(whereOf('-(a:1 b or (c OR "d"))'), {
      kind: 'not',
      term: {
        kind: 'or',
        terms: [
          { kind: 'and', terms: [equals('a', '1'), text('b')] },
          { kind: 'or', terms: [text('c'), text('d')] },
        ],
      },
    });
  });

  for (const [written, comparison] of [
    ['key:pre*', { kind: 'like', pattern: 'pre*' }],
    ['key:**x**', { kind: 'like', pattern: '*x*' }],
    ['key:*', { kind: 'has' }],
    ['has:key', { kind: 'has' }],
    ['key:"a*b"', { kind: 'equals', value: 'a*b' }],
    ['key:""', { kind: 'equals', value: '' }],
    ['key:">5"', { kind: 'equals', value: '>5' }],
    ['key:a..b', { kind: 'equals', value: 'a..b' }],
    ['key:-5..5', { kind: 'range', min: -5, minInclusive: true, max: 5, maxInclusive: true }],
    ['key:5..', { kind: 'range', min: 5, minInclusive: true }],
    ['key:..1e3', { kind: 'range', max: 1000, maxInclusive: true }],
    ['key:>5', { kind: 'range', min: 5, minInclusive: false }],
    ['key:<=1.5s', { kind: 'range', max: 1500, maxInclusive: true }],
    ['key:>=10MiB', { kind: 'range', min: 10_485_760, minInclusive: true }],
    ['key:<2026-01-01', { kind: 'range', unit: 'time', max: Date.UTC(2026, 0, 1), maxInclusive: false }],
  ] as const) {
    test(`reads ${written}`, () => {
      assert.deepEqual(whereOf(written), { kind: 'field', field: 'key', comparison });
    });
  }

  test('compares each field in its own unit', () => {
    const comparisonOf = (query: string): unknown => {
      const where = parsed(query).where;
      return where?.kind === 'field' ? where.comparison : where;
    };
    assert.deepEqual(comparisonOf('duration:>15m'), { kind: 'range', min: 900_000, minInclusive: false });
    assert.deepEqual(comparisonOf('duration:1h30m'), {
      kind: 'range',
      min: 5_400_000,
      minInclusive: true,
      max: 5_400_000,
      maxInclusive: true,
    });
    assert.deepEqual(comparisonOf('bytes:10MB'), { kind: 'equals', value: '10000000' });
    assert.deepEqual(comparisonOf('attempts:>=2'), { kind: 'range', min: 2, minInclusive: true });
    assert.deepEqual(comparisonOf('lastTs:>2h'), {
      kind: 'range',
      unit: 'time',
      min: nowMs - 7_200_000,
      minInclusive: false,
    });
    assert.deepEqual(comparisonOf('firstTs:2026-11-23'), {
      kind: 'range',
      unit: 'time',
      min: Date.UTC(2026, 10, 23),
      minInclusive: true,
      max: Date.UTC(2026, 10, 24) - 1,
      maxInclusive: true,
    });
  });

  test('gives other names of a field its canonical one, and quoted names as they are', () => {
    assert.deepEqual(whereOf('id:t-1'), equals('task', 't-1'));
    assert.deepEqual(whereOf('"id":t-1'), equals('id', 't-1'));
    assert.deepEqual(whereOf('"since":5'), equals('since', '5'));
    assert.deepEqual(whereOf('"odd name (x)":5'), equals('odd name (x)', '5'));
  });

  test('reads moments in every notation', () => {
    const since = (value: string) => parsed(`since:${value}`).time.sinceMs;
    assert.equal(since('15m'), nowMs - 900_000);
    assert.equal(since('1w'), nowMs - 604_800_000);
    assert.equal(since('2026-11-01'), Date.UTC(2026, 10, 1));
    assert.equal(since('2026-11-01T10:00:00.5+01:00'), Date.UTC(2026, 10, 1, 9, 0, 0, 500));
    assert.equal(since('2026-11-01T10:00Z'), Date.UTC(2026, 10, 1, 10));
    assert.equal(since('"2026-11-01 10:00:00Z"'), Date.UTC(2026, 10, 1, 10));
    assert.equal(since('1795000000000'), 1_795_000_000_000);
    assert.equal(parsed('until:now').time.untilMs, nowMs);
    assert.equal(parsed('at:2h').atMs, nowMs - 7_200_000);
  });

  test('reads sort and limit', () => {
    assert.deepEqual(parsed('sort:duration').sort, { field: 'duration', descending: true });
    assert.deepEqual(parsed('sort:firstTs-asc').sort, { field: 'firstTs', descending: false });
    assert.equal(parsed('limit:5').limit, 5);
  });

  test('reads the escapes of a phrase', () => {
    assert.deepEqual(whereOf(String.raw`"a \"b\" \\ \n"`), text('a "b" \\ \n'));
  });

  for (const [written, column, message] of [
    ['duration:>abc', 11, /expected a duration .* after 'duration:>'/],
    ['a duration:>', 13, /expected a number, a time or a duration after 'duration:>'/],
    ['is:sloow', 4, /live, done, slow, retried/],
    ['is:>live', 4, /live, done/],
    ['a (b or c', 10, /'\)' for the '\(' in column 3/],
    ['a b)', 4, /'\(' before this/],
    ['()', 2, /a term after '\('/],
    ['(a or )', 7, /a term after 'or'/],
    ['a or b', 3, /between parentheses/],
    ['"abc', 5, /closing quote for the one in column 1/],
    ['""', 2, /text between the quotes/],
    ['account:', 9, /a value after 'account:'/],
    ['account: acme', 9, /a value after 'account:'/],
    ['a:1,,2', 5, /a value after/],
    ['a:1,', 5, /a value after/],
    [':5', 1, /a field name before/],
    ['- a', 2, /right after '-'/],
    ['--a', 2, /another '-'/],
    ['since:yesterday', 7, /a time after 'since:'/],
    ['since:2026-02-30', 7, /a time/],
    ['since:2026-02-30T10:00:00Z', 7, /a time/],
    ['since:2026-11-01T10:00:00', 26, /a zone/],
    ['since:99999999w', 7, /a time/],
    ['since:1h since:2h', 10, /twice/],
    ['until:2h since:1h', 10, /since: to be before until:/],
    ['since:1h,2h', 10, /one value/],
    ['-since:1h', 1, /takes no '-'/],
    ['(a since:1h)', 4, /outside of groups/],
    ['at:soon', 4, /a time/],
    ['sort:size', 6, /one of lastTs/],
    ['limit:0', 7, /whole number/],
    ['limit:1.5', 7, /whole number/],
    ['attempts:many', 10, /a number after 'attempts:'/],
    ['attempts:1..x', 13, /a number after 'attempts:1\.\.'/],
    ['x:5..1', 6, /end after it starts/],
    ['x:1..2026-01-01', 6, /both ends/],
    ['x:1..z', 6, /a number, a time or a duration/],
    ['time*', 5, /'\*' stands in values only/],
    ['http://example.com', 1, /a URL/],
    ['duration>5', 9, /expected ':'/],
    ['http.*:5', 6, /plain field name/],
    ['foo(bar)', 4, /a space after a word/],
    ['"a"b', 4, /a space after a phrase/],
    ['a:b"c"', 4, /a space after a value/],
    [String.raw`"a\qb"`, 3, /write \\\\ for a backslash/],
    ['has:', 5, /a value after 'has:'/],
    ['has:a*', 5, /a field name/],
    ['"":5', 1, /a field name between/],
    [`${'('.repeat(51)}a${')'.repeat(51)}`, 51, /at most 50 groups/],
    ['x'.repeat(10_001), 10_001, /at most 10000 characters/],
  ] as const) {
    test(`names column ${column} of ${written.slice(0, 40)}`, () => {
      const result = parseQuery(written, { nowMs });
      assert.equal(result.kind, 'problem');
      assert.match(result.problem.message, message);
      assert.equal(result.problem.column, column);
    });
  }
});

/** Pieces that meet the grammar often enough to get past the first character. */
const fragment = fc.oneof(
  fc.constantFrom(
    'account',
    'duration',
    'lastTs',
    'bytes',
    'attempts',
    'id',
    'has',
    'is',
    'sort',
    'limit',
    'http.status',
  ),
  fc.constantFrom(':', ',', '(', ')', '"', '-', '*', '..', '>', '>=', '<', ' ', ' or ', '\\', '\n'),
  fc.constantFrom(
    'since:2h',
    'until:now',
    'at:2026-11-23',
    'is:live',
    '5',
    '1.5s',
    '10MB',
    '2026-11-23T10:00:00Z',
    'acme',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const anyText = fc.oneof(
  fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

suite('any text at all', () => {
  test('is a query or a problem within the text', () => {
    fc.assert(
      fc.property(anyText, (written) => {
        const result = parseQuery(written, { nowMs });
        if (result.kind === 'query') return true;
        const { column, message } = result.problem;
        return Number.isInteger(column) && column >= 1 && column <= written.length + 1 && message !== '';
      }),
      { numRuns: 5000, seed: 20261123 },
    );
  });

  test('that is a query means the same when written back', () => {
    let queries = 0;
    fc.assert(
      fc.property(anyText, (written) => {
        const first = parseQuery(written, { nowMs });
        if (first.kind === 'problem') return;
        queries++;
        const formatted = formatQuery(first.query);
        // A later now: what is written back is absolute.
        const again = parseQuery(formatted, { nowMs: nowMs + 5000 });
        if (again.kind === 'problem') assert.fail(`${formatted}: ${formatProblem(again.problem)}`);
        assert.deepEqual({ ...again.query, text: '' }, { ...first.query, text: '' });
      }),
      { numRuns: 5000, seed: 20261123 },
    );
    assert.ok(queries > 500, `only ${queries} of the texts were queries`);
  });
});
