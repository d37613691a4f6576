/**
 * Compiles the terms of a query to SQL over the columns of a segment, every value bound: one leaf becomes a test of a
 * record (docs/query.md, "What matches").
 */

import { assertNever } from '../model/assertNever.ts';
import { isInheritedField, taskOnlyFields } from '../model/query/fields.ts';
import type { Leaf } from '../model/query/leafTest.ts';
import { foldCase } from '../model/query/matchComparison.ts';
import type { Comparison, QueryExpression } from '../model/query/query.ts';
import { parseNumber } from '../model/query/values.ts';
import type { SqlValue } from './database.ts';
import { equalTokens, tokenPrefix } from './fieldTokens.ts';
import type { ColumnName } from './segmentColumns.ts';

/** Collects the values of one statement. */
export class Parameters {
  readonly #values: Record<string, SqlValue> = {};
  #count = 0;

  /** The placeholder that stands for the value. */
  add(value: SqlValue): string {
    const name = `p${this.#count++}`;
    this.#values[name] = value;
    return `$${name}`;
  }

  /** The values that a statement names: the engine refuses any other, and what was pruned leaves some behind. */
  of(sql: string): Readonly<Record<string, SqlValue>> {
    const named = new Set(Array.from(sql.matchAll(/\$(p\d+)\b/g), (match) => match[1]));
    return Object.fromEntries(Object.entries(this.#values).filter(([name]) => named.has(name)));
  }
}

export interface CompileContext {
  readonly parameters: Parameters;
  /** Whether some record may have this path outside the canonical columns. */
  readonly mayHavePath: (path: string) => boolean;
  /** Asks the field tokens of records and not their columns. */
  readonly onlyTokens?: boolean;
}

/** Columns of a record by the field that a query names. */
const textColumns: Readonly<Record<string, ColumnName>> = {
  level: 'level',
  event: 'event',
  task: 'task',
  account: 'account',
  collection: 'collection',
  source: 'source',
  coordinator: 'coordinator',
  worker: 'worker',
  message: 'message',
  key: 'key',
  group: 'failure_group',
  'error.type': 'error_type',
  'error.message': 'error_message',
  'error.stack': 'error_stack',
  'build.service': 'build_service',
  'build.version': 'build_version',
  'build.commit': 'build_commit',
  'build.repository': 'build_repository',
};
const numberColumns: Readonly<Record<string, string>> = {
  ts: 'epoch_ms(r.ts)',
  attempt: 'r.attempt',
  bytes: 'r.bytes',
  docs: 'r.docs',
};
const objectColumns: Readonly<Record<string, readonly ColumnName[]>> = {
  error: ['error_type', 'error_message', 'error_stack'],
  build: ['build_service', 'build_version', 'build_commit', 'build_repository'],
};
const textSearchColumns: readonly ColumnName[] = ['message', 'error_type', 'error_message', 'error_stack'];

const never = 'false';

/**
 * A leaf as a test of one record `r`, never null.
 * @param inherit alias of the folded task whose `account` to `worker` stand in where the record has none.
 */
export function leafOnRecord(leaf: Leaf, context: CompileContext, inherit?: string): string {
  switch (leaf.kind) {
    case 'is':
      return never;
    case 'text': {
      const needle = context.parameters.add(foldCase(leaf.text));
      return anyOf(textSearchColumns.map((column) => `contains(lower(r."${column}"), ${needle})`));
    }
    case 'field':
      return fieldOnRecord(leaf.field, leaf.comparison, context, inherit);
    default:
      return assertNever(leaf);
  }
}

/** Whether records have columns for the field; else only their field tokens tell. */
export function hasColumns(field: string): boolean {
  return [textColumns, numberColumns, objectColumns].some((table) => Object.hasOwn(table, field));
}

/** The terms of a query with each leaf as `leafSql` says. */
export function compileWhere(where: QueryExpression, leafSql: (leaf: Leaf) => string): string {
  switch (where.kind) {
    case 'and':
      return where.terms.length === 0 ? 'true' : `(${where.terms.map((t) => compileWhere(t, leafSql)).join(' AND ')})`;
    case 'or':
      return where.terms.length === 0 ? never : `(${where.terms.map((t) => compileWhere(t, leafSql)).join(' OR ')})`;
    case 'not':
      return `(NOT ${compileWhere(where.term, leafSql)})`;
    case 'field':
    case 'text':
    case 'is':
      return leafSql(where);
    default:
      return assertNever(where);
  }
}

function fieldOnRecord(
  field: string,
  comparison: Comparison,
  context: CompileContext,
  inherit: string | undefined,
): string {
  if (taskOnlyFields.has(field)) return never;
  const { parameters, onlyTokens = false } = context;
  const tests: string[] = [];
  const text = onlyTokens ? undefined : own(textColumns, field);
  if (text !== undefined) {
    const isInherited = inherit !== undefined && isInheritedField(field);
    const column = isInherited ? `coalesce(r."${text}", ${inherit}."${text}")` : `r."${text}"`;
    tests.push(compareText(column, comparison, parameters) ?? never);
  }
  const number = onlyTokens ? undefined : own(numberColumns, field);
  if (number !== undefined) tests.push(compareNumber(number, comparison, parameters) ?? never);
  if (comparison.kind === 'has' && !onlyTokens) {
    for (const column of own(objectColumns, field) ?? []) tests.push(`r."${column}" IS NOT NULL`);
  }
  // A failure group is computed, never read from what the writer said.
  if (field !== 'group' && context.mayHavePath(field)) {
    tests.push(compareTokens(field, comparison, parameters) ?? never);
  }
  return anyOf(tests);
}

/** A text never equals a number and lies in no range; whether it lies in one of times its token tells. */
function compareText(column: string, comparison: Comparison, parameters: Parameters): string | undefined {
  switch (comparison.kind) {
    case 'equals':
      return `${column} = ${parameters.add(comparison.value)}`;
    case 'like':
      return compareLike(column, comparison.pattern, parameters);
    case 'has':
      return `${column} IS NOT NULL`;
    case 'range':
      return undefined;
    default:
      return assertNever(comparison);
  }
}

function compareNumber(column: string, comparison: Comparison, parameters: Parameters): string | undefined {
  switch (comparison.kind) {
    case 'equals': {
      const value = parseNumber(comparison.value);
      return value === undefined ? undefined : inDouble(column, '=', value, parameters);
    }
    case 'like':
      return undefined;
    case 'has':
      return `${column} IS NOT NULL`;
    case 'range': {
      const bounds: string[] = [];
      const { min, max, minInclusive = true, maxInclusive = true } = comparison;
      if (min !== undefined) bounds.push(inDouble(column, minInclusive ? '>=' : '>', min, parameters));
      if (max !== undefined) bounds.push(inDouble(column, maxInclusive ? '<=' : '<', max, parameters));
      return bounds.length > 0 ? `(${bounds.join(' AND ')})` : `${column} IS NOT NULL`;
    }
    default:
      return assertNever(comparison);
  }
}

/** Numbers compare as JavaScript compares them: a column is never rounded to the type of the bound, nor the bound to it. */
function inDouble(column: string, operator: string, value: number, parameters: Parameters): string {
  return `${column}::DOUBLE ${operator} ${parameters.add(value)}::DOUBLE`;
}

function compareTokens(path: string, comparison: Comparison, parameters: Parameters): string | undefined {
  switch (comparison.kind) {
    case 'equals':
      // One by one: for several, `list_has_any` takes four times as long.
      return anyOf(
        equalTokens(path, comparison.value).map((token) => `list_contains(r.fields, ${parameters.add(token)})`),
      );
    case 'like': {
      const pattern = parameters.add(`${likeLiteral(tokenPrefix(path, 's'))}${likePattern(comparison.pattern)}`);
      return someToken(`token LIKE ${pattern} ESCAPE '\\'`);
    }
    case 'has':
      return someToken(`starts_with(token, ${parameters.add(tokenPrefix(path))})`);
    case 'range': {
      const types = comparison.unit === 'time' ? (['n', 't'] as const) : (['n'] as const);
      return anyOf(
        types.map((type) => {
          const prefix = tokenPrefix(path, type);
          const start = parameters.add(prefix);
          // Counted by the engine itself, in its own characters.
          const value = `substr(token, length(${start}) + 1)::DOUBLE`;
          const holds = compareNumber(value, comparison, parameters) ?? never;
          return someToken(`CASE WHEN starts_with(token, ${start}) THEN ${holds} ELSE false END`);
        }),
      );
    }
    default:
      return assertNever(comparison);
  }
}

function someToken(test: string): string {
  return `len(list_filter(r.fields, lambda token: ${test})) > 0`;
}

/** The usual patterns by functions that look for bytes: LIKE with an escape takes nine times as long. */
function compareLike(column: string, pattern: string, parameters: Parameters): string {
  const [start = '', middle, end, ...others] = pattern.split('*');
  if (middle !== undefined && others.length === 0) {
    if (end === undefined && middle === '') return `starts_with(${column}, ${parameters.add(start)})`;
    if (end === undefined && start === '') return `ends_with(${column}, ${parameters.add(middle)})`;
    if (end === '' && start === '') return `contains(${column}, ${parameters.add(middle)})`;
  }
  return `${column} LIKE ${parameters.add(likePattern(pattern))} ESCAPE '\\'`;
}

/** `*` becomes `%`; what LIKE would read as a wildcard of its own is escaped. */
export function likePattern(pattern: string): string {
  return likeLiteral(pattern).replaceAll('*', '%');
}

function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

function anyOf(tests: readonly string[]): string {
  const possible = tests.filter((test) => test !== never);
  return possible.length === 0 ? never : `(${possible.map((test) => `coalesce(${test}, false)`).join(' OR ')})`;
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
