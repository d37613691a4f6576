/** A trace while its lines are read. */

import type { Frame, Trace, TraceLanguage } from '../trace.ts';
import type { Header } from './header.ts';

export class TraceDraft {
  readonly language: TraceLanguage;
  readonly frames: Frame[] = [];
  readonly members: TraceDraft[] = [];
  readonly suppressed: TraceDraft[] = [];
  cause: TraceDraft | undefined;
  type: string | undefined;
  message: string | undefined;
  thread: string | undefined;
  /** Frames left out so far, and whether some were just now. */
  #elided = 0;
  #gap = false;
  #start = Number.POSITIVE_INFINITY;
  #end = 0;

  constructor(language: TraceLanguage, header?: Header) {
    this.language = language;
    if (header) this.name(header);
  }

  name(header: Header): void {
    this.type = header.type;
    this.message = header.message;
    this.#start = Math.min(this.#start, header.start);
    this.#end = Math.max(this.#end, header.start + header.type.length);
  }

  addFrame(frame: Frame): void {
    this.frames.push(this.#gap ? { ...frame, afterGap: true } : frame);
    this.#gap = false;
    this.#start = Math.min(this.#start, frame.start);
    this.grow(frame.end);
  }

  leaveOut(frames: number): void {
    this.#elided += frames;
    this.#gap = true;
  }

  /** A source map told where the last frame really is. */
  mapLastFrame(file: string, line1: number, column1: number): void {
    const last = this.frames.pop();
    if (last) this.frames.push({ ...last, file, line1, column1 });
  }

  startAt(offset: number): void {
    this.#start = Math.min(this.#start, offset);
  }

  grow(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  finish(): Trace {
    const cause = this.cause?.finish();
    const members = this.members.map((member) => member.finish());
    const suppressed = this.suppressed.map((one) => one.finish());
    const under = [...(cause ? [cause] : []), ...members, ...suppressed];
    return {
      language: this.language,
      ...(this.type === undefined ? {} : { type: this.type }),
      ...(this.message === undefined ? {} : { message: this.message }),
      frames: this.frames,
      ...(cause ? { cause } : {}),
      ...(members.length > 0 ? { members } : {}),
      ...(suppressed.length > 0 ? { suppressed } : {}),
      ...(this.#elided > 0 ? { elided: this.#elided } : {}),
      ...(this.thread === undefined ? {} : { thread: this.thread }),
      start: under.reduce((least, trace) => Math.min(least, trace.start), this.#start),
      end: under.reduce((most, trace) => Math.max(most, trace.end), this.#end),
    };
  }
}
