/** Makes a frame of what stands on a line. */

import type { TextLine } from '../textLines.ts';
import type { Frame } from '../trace.ts';

/**
 * A frame as a language's reader finds it on a line; what the format does not tell is `undefined`. Readers write their
 * fields in this order: objects of one layout are read faster, and every frame of every language comes by here.
 */
export interface FoundFrame {
  /** Where the frame starts and ends in the line. */
  readonly start: number;
  readonly end: number;
  readonly function: string | undefined;
  readonly module: string | undefined;
  readonly file: string | undefined;
  readonly line1: number | undefined;
  readonly column1: number | undefined;
  readonly readable: string | undefined;
  readonly inApp: boolean;
}

/**
 * The frame of one line. The layouts that most frames have are written out: objects that grow, and more so ones that are
 * spread together, took half of the time that a trace takes.
 */
export function newFrame(line: TextLine, found: FoundFrame): Frame {
  const { function: name, module, file, line1, column1, inApp } = found;
  const readable = found.readable === name ? undefined : found.readable;
  const raw = line.text.slice(found.start, found.end);
  const start = line.startOf(found.start);
  const end = line.endOf(found.end);
  if (name !== undefined && file !== undefined && line1 !== undefined) {
    if (module === undefined) {
      if (column1 === undefined) {
        return readable === undefined
          ? { raw, function: name, file, line1, inApp, start, end }
          : { raw, function: name, readable, file, line1, inApp, start, end };
      }
      return readable === undefined
        ? { raw, function: name, file, line1, column1, inApp, start, end }
        : { raw, function: name, readable, file, line1, column1, inApp, start, end };
    }
    if (column1 === undefined) {
      return readable === undefined
        ? { raw, function: name, module, file, line1, inApp, start, end }
        : { raw, function: name, readable, module, file, line1, inApp, start, end };
    }
  }
  if (
    file !== undefined &&
    line1 !== undefined &&
    name === undefined &&
    module === undefined &&
    readable === undefined
  ) {
    return column1 === undefined
      ? { raw, file, line1, inApp, start, end }
      : { raw, file, line1, column1, inApp, start, end };
  }
  const frame: { -readonly [Key in keyof Frame]: Frame[Key] } = { raw, inApp, start, end };
  if (name !== undefined) frame.function = name;
  if (readable !== undefined) frame.readable = readable;
  if (module !== undefined) frame.module = module;
  if (file !== undefined) frame.file = file;
  if (line1 !== undefined) frame.line1 = line1;
  if (column1 !== undefined) frame.column1 = column1;
  return frame;
}
