/** The query model: what the grammar of docs/query.md parses to, and what every backend answers. */

/** How a term compares a field with a value. */
export type Comparison =
  /**
   * A string equal to the text, case and all; or a number equal to it where the text is a JSON number; or the boolean
   * that it names: `http.status:503` finds 503 and "503".
   */
  | { readonly kind: 'equals'; readonly value: string }
  /** Strings only, whole, case and all: `*` stands for any run of characters, the rest is literal. `pre*` is a prefix. */
  | { readonly kind: 'like'; readonly pattern: string }
  /**
   * Numbers only, in the field's unit: epoch ms for times, ms for durations, the number itself otherwise. At least one
   * bound is there. With `unit: 'time'` RFC 3339 strings with a zone are compared too, by their epoch ms.
   */
  | {
      readonly kind: 'range';
      readonly unit?: 'time';
      readonly min?: number;
      readonly minInclusive?: boolean;
      readonly max?: number;
      readonly maxInclusive?: boolean;
    }
  /** Some string, number or boolean stands at the path or below it; null, {} and [] are nothing. */
  | { readonly kind: 'has' };

/** `live` is not yet ended, `done` ended, `slow` took `slowMs` or longer, `retried` had more than one attempt. */
export const isFlags = ['live', 'done', 'slow', 'retried'] as const;
export type IsFlag = (typeof isFlags)[number];

/** A task is slow from this `durationMs` on. */
export const slowMs = 60_000;

export type QueryExpression =
  | { readonly kind: 'and'; readonly terms: readonly QueryExpression[] }
  | { readonly kind: 'or'; readonly terms: readonly QueryExpression[] }
  | { readonly kind: 'not'; readonly term: QueryExpression }
  /**
   * `field` is a canonical field, `error.type`, `build.commit` …, a derived one (`status`, `attempts`, `duration`,
   * `firstTs`, `lastTs`, `group`), or any JSON path: the keys from the root joined with dots. A key may itself hold
   * dots; array elements share the path of their array. `id` and `durationMs` are parsed to `task` and `duration`.
   */
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
  /** Newest `lastTs` first when absent. Tasks without the field come last; ties go by task id, ascending by code point. */
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
