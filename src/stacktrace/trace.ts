/** A stack trace read from text: its frames, and the traces that caused it or came with it. */

import type { PathMapping } from '../model/environment.ts';

export type TraceLanguage =
  | 'javascript'
  | 'python'
  | 'jvm'
  | 'go'
  /** C and C++. */
  | 'cpp'
  | 'rust'
  | 'dotnet'
  | 'ruby'
  | 'php'
  /** Elixir and Erlang. */
  | 'beam';

export interface Frame {
  /** The text of the frame as printed: without a log prefix, colours removed, JSON escapes decoded. */
  readonly raw: string;
  readonly function?: string;
  /** The function as its author would name it, where the runtime prints a generated or mangled name. */
  readonly readable?: string;
  /** Class, package or module that the function belongs to, where the format tells. */
  readonly module?: string;
  /** The file as printed, `file://` and the like decoded. */
  readonly file?: string;
  /** From 1. */
  readonly line1?: number;
  /** From 1. */
  readonly column1?: number;
  /** False for the runtime's and libraries' frames. */
  readonly inApp: boolean;
  /** How many times in a row this frame stands here, where the format folds repetitions. */
  readonly repeated?: number;
  /** True when the format left frames out between this one and the one that it called. */
  readonly afterGap?: boolean;
  /**
   * UTF-16 range of the frame in the text that was searched. `text.slice(start, end)` is `raw`, or what `raw` looks
   * like in that text where colours or JSON escapes stand in it. Of a frame on two lines (Go): the one with the file.
   */
  readonly start: number;
  readonly end: number;
}

export interface Trace {
  readonly language: TraceLanguage;
  readonly type?: string;
  readonly message?: string;
  /** Innermost call first, whatever the format's own order. */
  readonly frames: readonly Frame[];
  /** What this failure was raised from; the last of the chain is the root cause. */
  readonly cause?: Trace;
  /** What an aggregate or exception group holds. */
  readonly members?: readonly Trace[];
  /** Java's exceptions that were thrown while this one was on its way. */
  readonly suppressed?: readonly Trace[];
  /** Frames that the format left out: `... 23 more`. */
  readonly elided?: number;
  /** The thread or goroutine, where it is printed. */
  readonly thread?: string;
  /** UTF-16 range of the whole trace, causes included. */
  readonly start: number;
  readonly end: number;
}

/** A trace, what caused it, and so on to its root cause; a group without a cause stands for its first member. */
function causesOf(trace: Trace): Trace[] {
  const chain = [trace];
  for (let last: Trace | undefined = trace; last; ) {
    last = last.cause ?? last.members?.[0];
    if (last) chain.push(last);
  }
  return chain;
}

/** The innermost frame that passes, with its trace: of the root cause, or of what that caused. */
export function innermostFrame(
  trace: Trace,
  test: (frame: Frame) => boolean,
): { readonly trace: Trace; readonly frame: Frame } | undefined {
  for (const each of causesOf(trace).toReversed()) {
    const frame = each.frames.find(test);
    if (frame) return { trace: each, frame };
  }
  return undefined;
}

/** The failure that all others of the chain were raised from. */
export function rootCause(trace: Trace): Trace {
  return causesOf(trace).at(-1) ?? trace;
}

/** A trace and every trace under it, causes and members, in the order in which they hang together. */
export function* tracesWithin(trace: Trace): Generator<Trace> {
  const open: Trace[] = [trace];
  for (let next = open.pop(); next; next = open.pop()) {
    yield next;
    open.push(...[...(next.members ?? []), ...(next.suppressed ?? [])].toReversed());
    if (next.cause) open.push(next.cause);
  }
}

/** A file of the workspace for a frame, or why there is none. */
export type Resolution =
  | {
      readonly kind: 'file';
      /** Absolute. */
      readonly path: string;
      readonly line1: number;
      readonly column1?: number;
      /** 0 to 1; links open unasked from `openConfidence` on. */
      readonly confidence: number;
      readonly why: string;
      /** Why the line may be another one, where that is so. */
      readonly approximate?: string;
      /** True where a source map led there: names of the frame may be those of a minified bundle. */
      readonly isMapped?: true;
      /** The learned mapping that led there. */
      readonly learned?: PathMapping;
    }
  | {
      readonly kind: 'choice';
      /** The place in whichever file it is: the frame's, or the one that a source map gives. */
      readonly line1: number;
      readonly column1?: number;
      readonly isMapped?: true;
      readonly candidates: readonly CandidateFile[];
      readonly why: string;
    }
  | { readonly kind: 'none'; readonly why: string };

export interface CandidateFile {
  /** Absolute. */
  readonly path: string;
  readonly why: string;
  /** What choosing it says about the frames beside, where it says anything. */
  readonly teaches?: PathMapping;
}

export const openConfidence = 0.75;
