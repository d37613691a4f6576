/** A trace while its lines are read. */

import type { Frame, Trace, TraceLanguage } from '../trace.ts';
import type { Header } from './header.ts';

export class TraceDraft {
  readonly language: TraceLanguage;
  /** Absent until there is one: of very many traces each array counts. */
  #frames: Frame[] | undefined;
  cause: TraceDraft | undefined;
  type: string | undefined;
  message: string | undefined;
  thread: string | undefined;
  /** Absent in most traces, of which there may be very many. */
  #members: TraceDraft[] | undefined;
  #suppressed: TraceDraft[] | undefined;
  /** Frames left out so far, and whether some were just now. */
  #elided = 0;
  #gap = false;
  #start = nowhere;
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

  get frames(): readonly Frame[] {
    return this.#frames ?? [];
  }

  addFrame(frame: Frame): void {
    const own = this.#gap ? { ...frame, afterGap: true } : frame;
    this.#gap = false;
    // Many traces have one frame only, and an array that grows makes room for more.
    if (this.#frames) this.#frames.push(own);
    else this.#frames = [own];
    this.#start = Math.min(this.#start, frame.start);
    this.grow(frame.end);
  }

  addMember(member: TraceDraft): void {
    (this.#members ??= []).push(member);
  }

  addSuppressed(suppressed: TraceDraft): void {
    (this.#suppressed ??= []).push(suppressed);
  }

  leaveOut(frames: number): void {
    this.#elided += frames;
    this.#gap = true;
  }

  /** A source map told where the last frame really is. */
  mapLastFrame(file: string, line1: number, column1: number): void {
    const last = this.#frames?.pop();
    if (last) this.#frames?.push({ ...last, file, line1, column1 });
  }

  /** The last frame's place stood on a line of its own. */
  placeLastFrame(file: string, line1: number): void {
    const last = this.#frames?.pop();
    if (last) this.#frames?.push({ ...last, file, line1 });
  }

  startAt(offset: number): void {
    this.#start = Math.min(this.#start, offset);
  }

  grow(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  finish(): Trace {
    const { language, type, message } = this;
    // An array that grew by pushing keeps room for more.
    const frames = this.#frames && this.#frames.length > 1 ? this.#frames.slice() : (this.#frames ?? []);
    const start = this.#start;
    const end = this.#end;
    // The usual layout written out: objects that grow are slow to make and large.
    const trace: { -readonly [Key in keyof Trace]: Trace[Key] } =
      type !== undefined && message !== undefined
        ? { language, type, message, frames, start, end }
        : { language, frames, start, end };
    if (type !== undefined && message === undefined) trace.type = type;
    if (type === undefined && message !== undefined) trace.message = message;
    if (this.cause) trace.cause = enclosed(trace, this.cause.finish());
    if (this.#members) trace.members = this.#members.map((member) => enclosed(trace, member.finish()));
    if (this.#suppressed) trace.suppressed = this.#suppressed.map((one) => enclosed(trace, one.finish()));
    if (this.#elided > 0) trace.elided = this.#elided;
    if (this.thread !== undefined) trace.thread = this.thread;
    return trace;
  }
}

/** More than any text's length, and an integer that engines keep in a field as it is. */
const nowhere = 0x3fff_ffff;

/** A trace's range includes those of the traces under it. */
function enclosed(trace: { start: number; end: number }, under: Trace): Trace {
  trace.start = Math.min(trace.start, under.start);
  trace.end = Math.max(trace.end, under.end);
  return under;
}
