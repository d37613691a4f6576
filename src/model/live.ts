/** What runs now: every coordinator of an environment as it answered, or why it did not. */

import type { FoldedTask } from './task.ts';

/** One coordinator as it answered now, or why it did not. */
export type LiveCoordinator =
  | {
      readonly kind: 'up';
      readonly url: string;
      readonly coordinator: string;
      readonly status: 'ok' | 'starting' | 'draining';
      readonly version?: string;
      readonly uptimeMs: number;
      readonly counts: {
        readonly pending: number;
        readonly assigned: number;
        readonly running: number;
        readonly retrying: number;
      };
      readonly workers: number;
      readonly tasks: readonly FoldedTask[];
      /** True when the coordinator holds more tasks than were asked for. */
      readonly more: boolean;
    }
  | { readonly kind: 'down'; readonly url: string; readonly message: string };

export interface LiveSnapshot {
  readonly environment: string;
  readonly askedTs: number;
  readonly coordinators: readonly LiveCoordinator[];
}
