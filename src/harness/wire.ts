/** What supervisor, coordinators and workers say to each other: over IPC within a machine, over HTTP between processes. */

import type { S3Options } from '../model/environment.ts';
import type { BuildInfo, ErrorInfo, TaskEvent } from '../model/record.ts';
import type { Source } from './source.ts';

export interface Timings {
  /** A lease that is not extended for this long is lost. */
  readonly leaseMs: number;
  readonly maxAttempts: number;
  /** Before the second attempt; doubles with each further one, jittered. */
  readonly retryMs: number;
  /** Between two listings of a source. */
  readonly scanMs: number;
  /** How long a finished task stays in the coordinator's memory. */
  readonly retentionMs: number;
  /** Longest time between a change and the checkpoint that holds it. */
  readonly checkpointMs: number;
  /** Longest time that a log record waits to be shipped. */
  readonly shipMs: number;
}

export const defaultTimings: Timings = {
  leaseMs: 3_000,
  maxAttempts: 3,
  retryMs: 500,
  scanMs: 2_000,
  retentionMs: 10 * 60_000,
  checkpointMs: 400,
  shipMs: 500,
};

interface ProcessConfiguration {
  readonly id: string;
  readonly storeUrl: string;
  readonly s3?: S3Options;
  readonly build: BuildInfo;
  readonly timings: Timings;
}

export interface Peer {
  readonly id: string;
  readonly url: string;
}

export interface CoordinatorConfiguration extends ProcessConfiguration {
  readonly kind: 'coordinator';
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Whether everything under `landing/` is a source. */
  readonly discover: boolean;
  /** Sources named by the operator; they override discovered ones of the same name. */
  readonly declared: readonly Source[];
}

export interface WorkerConfiguration extends ProcessConfiguration {
  readonly kind: 'worker';
  readonly coordinators: readonly string[];
  /** For files that are being written; the supervisor removes it, even after a crash of the worker. */
  readonly scratchFolder: string;
}

/** Supervisor to child. The first message configures it. */
export type ToChild =
  | { readonly kind: 'configure'; readonly configuration: CoordinatorConfiguration | WorkerConfiguration }
  /** All coordinators of the cluster, the receiver included. */
  | { readonly kind: 'peers'; readonly peers: readonly Peer[] };

/** Child to supervisor. */
export type FromChild =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'taskEvent'; readonly event: SeenEvent }
  /** `open` tasks are those without a terminal event; `listed` is true once every own source has been listed. */
  | { readonly kind: 'status'; readonly listed: boolean; readonly open: number };

/** A task's change as the supervisor needs it: to count, and to inject faults at the right moment. */
export interface SeenEvent {
  readonly event: TaskEvent;
  readonly task: string;
  readonly attempt?: number;
  readonly key?: string;
  readonly worker?: string;
  readonly docs?: number;
  readonly bytes?: number;
}

/** A worker's right to one attempt at one task; `epoch` is the coordinator's ownership of the source. */
export interface LeaseRef {
  readonly worker: string;
  readonly task: string;
  readonly attempt: number;
  readonly epoch: number;
}

export interface Lease {
  readonly task: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly leaseMs: number;
  readonly coordinator: string;
  readonly source: Source;
  /** Key of the object within the source's store. */
  readonly objectKey: string;
  readonly etag: string;
  readonly sizeBytes: number;
  /** The object's name in records and documents. */
  readonly key: string;
}

export interface AttemptProgress {
  readonly docs: number;
  readonly bytes: number;
}

export interface AttemptResult extends AttemptProgress {
  readonly rejected: number;
}

export interface AttemptFailure {
  readonly error: ErrorInfo;
  /** False when another attempt at the same bytes cannot end otherwise. */
  readonly retryable: boolean;
}
