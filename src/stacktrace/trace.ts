/** A stack trace read from text: its frames, and the trace that caused it. */

export type TraceLanguage = 'javascript' | 'python' | 'jvm' | 'go';

export interface Frame {
  /** The text of the frame as printed, without a log prefix. */
  readonly raw: string;
  readonly function?: string;
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
  /** UTF-16 range of `raw` in the text that was searched. */
  readonly start: number;
  readonly end: number;
}

export interface Trace {
  readonly language: TraceLanguage;
  readonly type?: string;
  readonly message?: string;
  /** Innermost call first, whatever the format's own order. */
  readonly frames: readonly Frame[];
  readonly cause?: Trace;
  /** UTF-16 range of the whole trace, causes included. */
  readonly start: number;
  readonly end: number;
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
    }
  | {
      readonly kind: 'choice';
      readonly candidates: readonly { readonly path: string; readonly why: string }[];
      readonly why: string;
    }
  | { readonly kind: 'none'; readonly why: string };

export const openConfidence = 0.75;
