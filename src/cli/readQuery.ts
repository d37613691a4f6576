/** Reads a call's query, and points at the mistake where it has one. */

import { parseQuery } from '../model/query/parseQuery.ts';
import type { Query, QueryProblem } from '../model/query/query.ts';
import type { CallContext } from './call.ts';
import type { OptionValues } from './options.ts';
import { plainBlock, plainLine } from '../model/plainText.ts';

/** Of `--limit`. */
export const largestLimit = 100_000;

/** Characters before a mistake, and after. */
const shown = 100;

export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
  readonly query: string;
  readonly problem: QueryProblem;

  constructor(query: string, problem: QueryProblem) {
    super(problem.message);
    this.query = query;
    this.problem = problem;
  }

  /** The query's line, a caret under the column, and what was expected there. */
  pointed(): string {
    const offset = this.problem.column - 1;
    const start = this.query.lastIndexOf('\n', offset - 1) + 1;
    const line = this.query.slice(start).split('\n', 1)[0] ?? '';
    // Around the mistake: a line may be thousands of characters long.
    const before = line.slice(0, offset - start);
    const after = line.slice(offset - start);
    const head = before.length > shown ? `…${plainBlock(before.slice(-shown))}` : plainBlock(before);
    const tail = after.length > shown ? `${plainBlock(after.slice(0, shown))}…` : plainBlock(after);
    return `  ${head}${tail}\n  ${head.replace(/[^\t]/gu, ' ')}^ ${plainLine(this.problem.message)}`;
  }
}

/**
 * The call's positional arguments as one query: it need not be quoted as a whole.
 * @throws QueryRefused
 */
export function readQuery(values: OptionValues, { now }: Pick<CallContext, 'now'>): Query {
  const text = values.positionals.join(' ');
  const parsed = parseQuery(text, { nowMs: now() });
  if (parsed.kind === 'problem') throw new QueryRefused(text, parsed.problem);
  return parsed.query;
}

/** `readQuery`, whose `limit:` gives way to `--limit`. @throws QueryRefused and WrongUse */
export function readLimitedQuery(values: OptionValues, context: Pick<CallContext, 'now'>): Query {
  const limit = values.integer('limit', { min: 1, max: largestLimit });
  const query = readQuery(values, context);
  return limit === undefined ? query : { ...query, limit };
}
