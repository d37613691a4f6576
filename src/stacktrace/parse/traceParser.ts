/** What a language family brings to find its traces in lines of text. */

import type { TextLine, TextLines } from '../textLines.ts';
import type { TraceLanguage } from '../trace.ts';
import type { TraceDraft } from './traceDraft.ts';

export interface TraceParser {
  readonly language: TraceLanguage;
  /** Lines without all of these clues (a sum of bits) are not read: `clues.ts`. */
  readonly clues: number;
  /**
   * Reads the trace whose first telling line is `line`, the one at `index`.
   * @param floor the first line that no earlier trace has taken: a header is looked for from there on
   * @returns `undefined` when no trace tells itself on that line; else the trace and the index after the last line that
   *   it took, always greater than `index`
   */
  read(lines: TextLines, line: TextLine, index: number, floor: number): ReadTraces | undefined;
}

export interface ReadTraces {
  /** Of a dump of threads the next one. */
  readonly draft: TraceDraft;
  readonly next: number;
  /** Lines of messages within, which may quote traces of other languages: these come before the trace. */
  readonly messages?: readonly LineRange[];
  /** Traces behind the first one that stand in the same lines: stacks in JSON. */
  readonly beside?: readonly TraceDraft[];
}

export interface LineRange {
  readonly from: number;
  /** The last one's index. */
  readonly to: number;
}
