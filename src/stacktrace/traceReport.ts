/** Text to one object per frame: what `ingest-trace trace --json` prints (docs/stack-traces.md). */

import { tracesIn } from './findTraces.ts';
import { frameAtRevision, type FrameAtRevision, type RevisionPlace } from './frameRevision.ts';
import { type ResolveTraceOptions, resolveTrace } from './resolveTrace.ts';
import type { Revision } from './revision.ts';
import type { Resolution, TraceLanguage } from './trace.ts';

export interface ReportedFrame {
  /** Which trace of the text, from 0; the traces under one (causes, members) count on. */
  readonly trace: number;
  /** Which frame of that trace, from 0 for the innermost call. */
  readonly index: number;
  readonly language: TraceLanguage;
  readonly raw: string;
  readonly function: string | null;
  /** The function as its author would name it, where `function` is generated or mangled. */
  readonly readable: string | null;
  readonly module: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly inApp: boolean;
  readonly resolved: {
    readonly path: string;
    readonly line: number;
    readonly confidence: number;
    readonly why: string;
  } | null;
  readonly why: string;
  /** With a revision: the line that ran. */
  readonly ran: RevisionPlace | null;
  /** What became of it; `resolved` is where it is now. */
  readonly now: FrameAtRevision['now'] | null;
}

/**
 * Every frame of every trace of a text. Without workspace folders nothing is resolved.
 * @param revision that ran: its files are to be among those of `options`, as `filesThen` and `readThen` give them
 * @throws the signal's reason when it is aborted
 */
export async function* traceReport(
  text: string,
  options: ResolveTraceOptions,
  revision?: Revision,
): AsyncGenerator<ReportedFrame> {
  let number = -1;
  for (const trace of tracesIn(text)) {
    let part: unknown;
    let index = 0;
    for (const found of await resolveTrace(trace, options)) {
      const { frame, trace: within } = found;
      const { resolution, ran, now }: FrameAtRevision = revision ? await frameAtRevision(found, revision) : found;
      if (within !== part) {
        part = within;
        number++;
        index = 0;
      }
      yield {
        trace: number,
        index: index++,
        language: within.language,
        raw: frame.raw,
        function: frame.function ?? null,
        readable: frame.readable ?? null,
        module: frame.module ?? null,
        file: frame.file ?? null,
        line: frame.line1 ?? null,
        column: frame.column1 ?? null,
        inApp: frame.inApp,
        resolved: resolvedOf(resolution),
        why: whyOf(resolution),
        ran: ran ?? null,
        now: now ?? null,
      };
    }
  }
}

function resolvedOf(resolution: Resolution): ReportedFrame['resolved'] {
  if (resolution.kind !== 'file') return null;
  const { path, line1, confidence, why } = resolution;
  return { path, line: line1, confidence, why };
}

/** Of a choice the files too: there is no editor to show the list. */
function whyOf(resolution: Resolution): string {
  if (resolution.kind !== 'choice') return resolution.why;
  return `${resolution.why} (${resolution.candidates.map(({ path, why }) => `${path}: ${why}`).join('; ')})`;
}
