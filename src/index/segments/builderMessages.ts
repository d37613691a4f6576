/** What the thread that builds segments and the one that reads log objects tell each other. */

import type { BuilderOptions, ObjectRead } from './segmentBuilder.ts';
import type { LocalSegment } from './segmentWriter.ts';

export type ToBuilder =
  | { readonly kind: 'open'; readonly options: BuilderOptions }
  /** @see SegmentBuilding.read */
  | { readonly kind: 'read'; readonly key: string; readonly version: string; readonly stored: Uint8Array | undefined }
  | { readonly kind: 'begin'; readonly key: string; readonly version: string }
  | { readonly kind: 'push'; readonly chunk: Uint8Array }
  | { readonly kind: 'end'; readonly problem?: string }
  | { readonly kind: 'finish' };

/** One answer for each `read`, `push`, `end` and `finish`, in order. */
export type FromBuilder =
  | { readonly kind: 'pushed' }
  | { readonly kind: 'ended'; readonly read: ObjectRead }
  | { readonly kind: 'finished'; readonly segments: readonly LocalSegment[] }
  | { readonly kind: 'failed'; readonly error: unknown };
