/** The query model: what the grammar of docs/query.md parses to, and what every backend answers. */

/** How a term compares a field with a value. */
export type Comparison =
  /** Equal as text, or as number, boolean or null where the field holds one: `http.status:503` finds 503 and "503". */
  | { readonly kind: 'equals'; readonly value: string }
  /** `*` stands for any run of characters; the rest is literal. `pre*` is a prefix. */
  | { readonly kind: 'like'; readonly pattern: string }
  /** Bounds in the field's unit: epoch ms for times, ms for durations, the number itself otherwise. */
  | {
      readonly kind: 'range';
      readonly min?: number;
      readonly minInclusive?: boolean;
      readonly max?: number;
      readonly maxInclusive?: boolean;
    }
  | { readonly kind: 'has' };

export const isFlags = ['live', 'done', 'slow', 'retried'] as const;
export type IsFlag = (typeof isFlags)[number];

export type QueryExpression =
  | { readonly kind: 'and'; readonly terms: readonly QueryExpression[] }
  | { readonly kind: 'or'; readonly terms: readonly QueryExpression[] }
  | { readonly kind: 'not'; readonly term: QueryExpression }
  /** `field` is a canonical field, `error.type`, `build.commit` …, a derived one, or any JSON path with dots. */
  | { readonly kind: 'field'; readonly field: string; readonly comparison: Comparison }
  /** A bare word or a phrase: a case-insensitive substring of message, error.type, error.message or error.stack. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'is'; readonly flag: IsFlag };

export interface TimeRange {
  /** Inclusive, epoch ms. */
  readonly sinceMs?: number;
  /** Exclusive, epoch ms. */
  readonly untilMs?: number;
}

export const sortFields = ['lastTs', 'firstTs', 'duration', 'attempts', 'bytes', 'docs'] as const;
export type SortField = (typeof sortFields)[number];

export interface Query {
  /** As the user wrote it. */
  readonly text: string;
  /** `undefined` matches everything. */
  readonly where?: QueryExpression;
  readonly time: TimeRange;
  /** Tasks in flight at this moment, epoch ms. */
  readonly atMs?: number;
  /** Newest `lastTs` first when absent. Ties are broken by task id, ascending. */
  readonly sort?: { readonly field: SortField; readonly descending: boolean };
  readonly limit?: number;
}

export interface QueryProblem {
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  readonly message: string;
}

export type ParsedQuery =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'problem'; readonly problem: QueryProblem };
