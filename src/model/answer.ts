/** What a place that was asked answers: rows, and where they came from. Nothing is invented, partial is called partial. */

import type { LogRecord } from './record.ts';
import type { FoldedTask, TaskDetail } from './task.ts';

export type BackendName = 'live' | 'index' | 'clickhouse' | 'direct';

/** `auto` asks live and index together and falls back to the logs. */
export type AskMode = 'auto' | 'live' | 'index' | 'direct';

/** One place's share of an answer. */
export interface Provenance {
  readonly backend: BackendName;
  /** Who answered: a coordinator's, index's or log root's URL. */
  readonly url: string;
  /** Epoch ms up to which this answer is known to be complete; for live answers the moment of asking. */
  readonly freshness?: number;
  /** Objects (logs, segments) looked into. */
  readonly objects: number;
  readonly bytes: number;
  /** True when something could not be read or the limit of work was reached: rows may be missing. */
  readonly partial: boolean;
  /** For people: why it is partial, or why this place was asked instead of another. */
  readonly note?: string;
}

export interface AnswerSummary {
  readonly total: number;
  readonly totalIs: 'exact' | 'atLeast';
  readonly ms: number;
  readonly from: readonly Provenance[];
}

export interface SearchAnswer {
  readonly tasks: readonly FoldedTask[];
  readonly summary: AnswerSummary;
  /** Opaque; hand it back to continue after the last task of this answer. Absent at the end. */
  readonly cursor?: string;
}

export interface TaskAnswer {
  readonly detail?: TaskDetail;
  readonly from: readonly Provenance[];
}

export interface RecordsAnswer {
  readonly records: readonly LogRecord[];
  readonly totalIs: 'exact' | 'atLeast';
  readonly from: readonly Provenance[];
}
