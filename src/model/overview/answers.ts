/** What a place answers when it is asked for an overview rather than rows: groups, counts, fields, lanes, tables. */

import type { AnswerSummary, Provenance } from '../answer.ts';
import type { AttemptStatus, TaskStatus } from '../task.ts';

export type FieldValue = string | number | boolean;

/** Failures of one cause. A failure is a distinct record with an error; see docs/query.md, "Failure groups". */
export interface FailureGroup {
  readonly group: string;
  /** Of its latest failure, like `message` and the frame. */
  readonly type?: string;
  readonly message?: string;
  readonly count: number;
  /** Distinct tasks among them; failures that name no task count for none. */
  readonly tasks: number;
  readonly firstTs: number;
  readonly lastTs: number;
  /** The innermost in-app frame of the root cause as printed, on one line; of a trace without any, its innermost. */
  readonly frame?: string;
  /** What that frame says. */
  readonly frameAt?: {
    readonly function?: string;
    readonly module?: string;
    readonly file?: string;
    readonly line1?: number;
    readonly column1?: number;
    readonly inApp: boolean;
  };
}

export interface GroupsAnswer {
  /** Most frequent first; of equals the latest first. */
  readonly groups: readonly FailureGroup[];
  /** How many groups there are in all. */
  readonly total: number;
  readonly totalIs: 'exact' | 'atLeast';
  readonly from: readonly Provenance[];
}

export const fieldTypes = ['string', 'number', 'boolean', 'time', 'object'] as const;
export type FieldType = (typeof fieldTypes)[number];

export interface FieldInfo {
  readonly path: string;
  /** Most frequent first. `time` stands beside `string` where texts are RFC 3339 times; `object` has fields below it. */
  readonly types: readonly FieldType[];
  /** Records that hold a value of each type. */
  readonly typeCounts: Readonly<Partial<Record<FieldType, number>>>;
  /** Records that hold a string, number or boolean there or, for one that is only ever an object, something below it. */
  readonly count: number;
  /** Some frequent values; longer texts are cut. */
  readonly examples: readonly FieldValue[];
}

export interface FieldsAnswer {
  /** Most frequent first, then by path. */
  readonly fields: readonly FieldInfo[];
  /** Paths that were found in all. */
  readonly total: number;
  readonly totalIs: 'exact' | 'atLeast';
  /** Records that were looked at. */
  readonly records: number;
  readonly from: readonly Provenance[];
}

export interface ValueCount {
  readonly value: FieldValue;
  readonly count: number;
}

/** The values of one field over all records, for completions. */
export interface ValuesAnswer {
  /** Most frequent first. */
  readonly values: readonly ValueCount[];
  readonly from: readonly Provenance[];
}

export interface FacetsAnswer {
  readonly field: string;
  /** Matching tasks by value, most frequent first. */
  readonly values: readonly ValueCount[];
  /** The values that are not listed: how many, and the sum of their counts. */
  readonly rest: { readonly values: number; readonly count: number };
  /** Matching tasks without a value. */
  readonly missing: number;
  /** `total` counts the matching tasks. */
  readonly summary: AnswerSummary;
}

export interface HistogramBucket {
  /** Epoch ms, inclusive. */
  readonly startMs: number;
  /** Epoch ms, exclusive. */
  readonly endMs: number;
  readonly count: number;
  readonly byStatus: Readonly<Partial<Record<TaskStatus, number>>>;
}

export interface HistogramAnswer {
  /** Without gaps, from the first to the last `lastTs` of matching tasks; empty where none match. */
  readonly buckets: readonly HistogramBucket[];
  readonly widthMs: number;
  /** `total` counts the matching tasks. */
  readonly summary: AnswerSummary;
}

/** An attempt as the worker that ran it saw it. */
export interface LaneSpan {
  readonly task: string;
  readonly attempt: number;
  readonly status: AttemptStatus;
  /** Epoch ms of its first and its latest record. */
  readonly startMs: number;
  readonly endMs: number;
  /** True for one that has not ended as far as is known: it may go on after `endMs`. */
  readonly isOpen: boolean;
  readonly coordinator?: string;
  readonly account?: string;
  readonly collection?: string;
  readonly source?: string;
}

export interface WorkerLane {
  readonly worker: string;
  /** By start, then task and attempt. */
  readonly spans: readonly LaneSpan[];
}

export interface LanesAnswer {
  /** By worker, ascending by code point. */
  readonly lanes: readonly WorkerLane[];
  /** `atLeast` where there are more spans than were asked for: the earliest are given. */
  readonly totalIs: 'exact' | 'atLeast';
  readonly from: readonly Provenance[];
}

export type SqlCell = string | number | boolean | null | readonly SqlCell[] | { readonly [name: string]: SqlCell };

export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly SqlCell[])[];
  /** True when there are more rows than these. */
  readonly hasMore: boolean;
  readonly from: readonly Provenance[];
}
