/** What the records that match a query hold: every path with its types, how many records have it, and some values. */

import type { FieldInfo, FieldType, FieldValue } from '../model/overview/answers.ts';
import { fieldInfo, type FieldCounts } from '../model/overview/fieldInfo.ts';
import { maxExampleLength, maxExamples } from '../model/overview/fieldTally.ts';
import { recordFieldNames, type RecordFieldName } from '../model/overview/recordFields.ts';
import { compareCodePoints } from '../model/query/compareTasks.ts';
import type { Query } from '../model/query/query.ts';
import { Parameters } from './compileQuery.ts';
import type { SqlRow } from './database.ts';
import { recordColumn } from './recordValues.ts';
import { tokenPrefix, type TokenType } from './fieldTokens.ts';
import type { IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';
import { timesOf } from './segmentWindow.ts';
import { type SegmentSet } from './segmentSet.ts';
import { ownersOf } from './stagedTasks.ts';
import { asksOfOwners, contextOf, matchingRecords, segmentsOfRecords, type Statement } from './statements.ts';

export interface FieldList {
  readonly fields: readonly FieldInfo[];
  readonly total: number;
  readonly records: number;
  readonly source: IndexSource;
}

/** At most `limit` paths, the most frequent. @throws IndexError; rejects with `signal.reason`. */
export async function fieldList(
  index: LogIndex,
  query: Query,
  options: { readonly limit: number; readonly signal?: AbortSignal },
): Promise<FieldList> {
  const limit = query.limit ?? options.limit;
  return await index.read({ signal: options.signal, times: timesOf(query) }, async (reading) => {
    const { segments, source } = reading;
    const columns = columnsStatement(query, segments);
    if (!columns) return { fields: [], total: 0, records: 0, source };
    const asked = segmentsOfRecords(query, segments.entries);
    const owners = asksOfOwners(query) ? await ownersOf(reading, asked) : undefined;
    const ask = async (statement: Statement) => await reading.query(statement, owners);
    const { row, paths, found, listed, examples } = await reading.holding(asked, async () => {
      const [row] = await ask(columns);
      const paths = await ask(pathsStatement(query, segments, limit));
      const found = countsByPath(row ?? {}, paths);
      const listed = [...found.values()].sort(compareCounts).slice(0, limit);
      return { row, paths, found, listed, examples: await examplesOf(ask, segments, query, listed) };
    });
    const canonical = recordFieldNames.filter((name) => found.has(name)).length;
    const others = Number(paths[0]?.['others'] ?? 0);
    return {
      fields: listed.map((counts) => fieldInfo(counts, examples.get(counts.path) ?? [])),
      total: canonical + others,
      records: Number(row?.['records'] ?? 0),
      source,
    };
  });
}

/** A path of the canonical fields can stand outside of their columns too, where a key has a dot in it. */
const dottedFields = recordFieldNames.filter((name) => name.includes('.'));

/** For each canonical field how many records have it; of dotted ones, wherever it stands. */
function columnsStatement(query: Query, segments: SegmentSet): Statement | undefined {
  const parameters = new Parameters();
  const matching = matchingRecords(query, segments, parameters);
  if (!matching) return undefined;
  const context = contextOf(segments, parameters);
  const select = recordFieldNames.flatMap((name, at) => {
    const { sql } = recordColumn(name);
    const isElsewhere = dottedFields.includes(name) && context.mayHavePath(name);
    const hasToken = (...types: readonly TokenType[]): string => {
      const tests = types.map((type) => `starts_with(token, ${parameters.add(tokenPrefix(name, type))})`);
      return `len(list_filter(coalesce(r.fields, []), lambda token: ${tests.join(' OR ')})) > 0`;
    };
    const count = (...types: readonly TokenType[]): string =>
      isElsewhere ? `count(*) FILTER (${sql} IS NOT NULL OR ${hasToken(...types)})` : `count(${sql})`;
    return [`${count('s', 'n', 'b')}::DOUBLE AS any${at}`, `${count('s')}::DOUBLE AS own${at}`];
  });
  return { sql: `SELECT count(*)::DOUBLE AS records, ${select.join(', ')} ${matching}`, parameters };
}

const separator = 'chr(31)';

/** For each path of the field tokens how many records have a value of each type; canonical ones first. */
function pathsStatement(query: Query, segments: SegmentSet, limit: number): Statement {
  const parameters = new Parameters();
  const matching = matchingRecords(query, segments, parameters) ?? '';
  const part = (token: string, number: number): string => `split_part(${token}, ${separator}, ${number})`;
  const typed = `list_transform(r.fields, lambda token: ${part('token', 1)} || ${separator} || ${part('token', 2)})`;
  const valued = `list_transform(list_filter(r.fields, lambda token: ${part('token', 2)} IN ('s', 'n', 'b')),
    lambda token: ${part('token', 1)} || ${separator} || 'any')`;
  const canonical = parameters.add(recordFieldNames);
  const sql = `
    WITH held AS (
      SELECT unnest(list_distinct(list_concat(${typed}, ${valued}))) AS held ${matching}
    ), counted AS (
      SELECT held, count(*) AS count FROM held GROUP BY held
    ), paths AS (
      SELECT ${part('held', 1)} AS path, path IN (SELECT unnest(${canonical})) AS is_canonical,
        ${['any', 's', 'n', 'b', 't', 'o']
          .map((type) => `coalesce(sum(count) FILTER (${part('held', 2)} = '${type}'), 0)::DOUBLE AS "${type}"`)
          .join(', ')}
      FROM counted GROUP BY path
    )
    SELECT *, (count(*) FILTER (NOT is_canonical) OVER ())::DOUBLE AS others
    FROM paths
    WHERE path <> 'group'
    ORDER BY is_canonical DESC, CASE WHEN "any" > 0 THEN "any" ELSE o END DESC, path
    LIMIT ${limit + recordFieldNames.length}`;
  return { sql, parameters };
}

function countsByPath(columns: SqlRow, paths: readonly SqlRow[]): Map<string, FieldCounts> {
  const found = new Map<string, FieldCounts>();
  for (const row of paths) {
    const number = (name: string): number => Number(row[name] ?? 0);
    found.set(String(row['path']), {
      path: String(row['path']),
      any: number('any'),
      types: { string: number('s'), number: number('n'), boolean: number('b'), time: number('t'), object: number('o') },
    });
  }
  for (const [at, path] of recordFieldNames.entries()) {
    const known = found.get(path);
    const isWhole = dottedFields.includes(path);
    const any = Number(columns[`any${at}`] ?? 0) + (isWhole ? 0 : (known?.any ?? 0));
    const type = typeOfField(path);
    const own = Number(columns[`own${at}`] ?? 0) + (isWhole ? 0 : (known?.types[type] ?? 0));
    found.delete(path);
    const types = { ...known?.types, [type]: own };
    if (any > 0 || Object.values(types).some((count) => count > 0)) found.set(path, { path, any, types });
  }
  return found;
}

function typeOfField(path: RecordFieldName): FieldType {
  return path === 'ts' ? 'time' : recordColumn(path).type === 'n' ? 'number' : 'string';
}

function compareCounts(a: FieldCounts, b: FieldCounts): number {
  return countOf(b) - countOf(a) || compareCodePoints(a.path, b.path);
}

function countOf({ any, types }: FieldCounts): number {
  return any > 0 ? any : (types.object ?? 0);
}

/** Frequent values, by an approximate count that needs little memory. */
async function examplesOf(
  ask: (statement: Statement) => Promise<SqlRow[]>,
  segments: SegmentSet,
  query: Query,
  listed: readonly FieldCounts[],
): Promise<Map<string, FieldValue[]>> {
  const examples = new Map<string, FieldValue[]>();
  const columns = recordFieldNames.filter((name) => listed.some(({ path }) => path === name));
  const add = (path: string, values: unknown, valueOf: (text: string) => FieldValue): void => {
    if (!Array.isArray(values)) return;
    const known = examples.get(path) ?? [];
    const further = values.filter((text) => typeof text === 'string').map(valueOf);
    examples.set(path, [...new Set([...known, ...further])].slice(0, maxExamples));
  };
  const parameters = new Parameters();
  const matching = matchingRecords(query, segments, parameters);
  if (!matching) return examples;
  const top = columns.map((name, at) => {
    const { sql, type } = recordColumn(name);
    const text = type === 'n' ? `(${sql})::VARCHAR` : `left(${sql}, ${maxExampleLength})`;
    return `approx_top_k(${text}, ${maxExamples}) FILTER (${sql} IS NOT NULL) AS top${at}`;
  });
  if (top.length > 0) {
    const [row] = await ask({ sql: `SELECT ${top.join(', ')} ${matching}`, parameters });
    for (const [at, name] of columns.entries()) {
      const isNumber = recordColumn(name).type === 'n';
      add(name, row?.[`top${at}`], (text) =>
        name === 'ts' ? new Date(Number(text)).toISOString() : isNumber ? Number(text) : text,
      );
    }
  }
  for (const row of await ask(tokensStatement(query, segments, listed))) {
    add(String(row['path']), row['top'], valueOfToken);
  }
  return examples;
}

/** Frequent values of paths among the field tokens, each with its type before it. */
function tokensStatement(query: Query, segments: SegmentSet, listed: readonly FieldCounts[]): Statement {
  const parameters = new Parameters();
  const matching = matchingRecords(query, segments, parameters) ?? '';
  const paths = parameters.add(listed.map(({ path }) => path));
  const sql = `
    SELECT path, approx_top_k(value, ${maxExamples}) AS top
    FROM (
      SELECT split_part(token, ${separator}, 1) AS path, split_part(token, ${separator}, 2) AS type,
        left(substr(token, length(path) + 2), ${maxExampleLength + 2}) AS value
      FROM (SELECT unnest(r.fields) AS token ${matching})
    )
    WHERE type IN ('s', 'n', 'b') AND path <> 'group' AND path IN (SELECT unnest(${paths}))
    GROUP BY path`;
  return { sql, parameters };
}

function valueOfToken(typed: string): FieldValue {
  const text = typed.slice(2);
  if (typed.startsWith('n')) return Number(text);
  return typed.startsWith('b') ? text === 'true' : text;
}
