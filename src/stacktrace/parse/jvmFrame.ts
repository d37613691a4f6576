/** Reads one frame of the JVM: `at java.base/java.lang.Thread.run(Thread.java:833) ~[?:?]`. */

import { looksLikePrefix } from './linePrefix.ts';

export interface JvmFrame {
  /** Where `at` starts and the frame ends in the line. */
  readonly start: number;
  readonly end: number;
  readonly module: string;
  readonly function: string;
  readonly file?: string;
  readonly line1?: number;
}

const location =
  /^(?:([^\s():]+\.\w{1,8})(?::(\d{1,9}))?|([\w.$-]+):(\d{1,9})|Native Method|Unknown Source(?::\d{1,9})?)$/;

/** @returns `undefined` when the line holds no frame of the JVM */
export function jvmFrameOn(text: string): JvmFrame | undefined {
  for (let at = text.indexOf('at '); at !== -1; at = text.indexOf('at ', at + 1)) {
    const frame = isStart(text, at) ? frameAt(text, at) : undefined;
    if (frame) return frame;
  }
  return undefined;
}

function isStart(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charCodeAt(at - 1);
  return (before === 32 || before === 9) && looksLikePrefix(text, at);
}

function frameAt(text: string, start: number): JvmFrame | undefined {
  const from = start + 3;
  const open = text.indexOf('(', from);
  if (open === -1 || open - from > maxNameLength) return undefined;
  const close = text.indexOf(')', open);
  if (close === -1) return undefined;
  const place = location.exec(text.slice(open + 1, close));
  if (!place) return undefined;
  const qualified = text.slice(from, open);
  // `loader/module@version/`, each part optional: what follows the last slash is the class. Hidden classes have one more.
  const hidden = /\/0x[0-9a-f]+(?=\.)/.exec(qualified);
  const name = hidden ? qualified.replace(hidden[0], '') : qualified;
  const own = name.slice(name.lastIndexOf('/') + 1);
  const dot = own.lastIndexOf('.');
  // Kotlin's test names have spaces, V8's frames one before the parenthesis.
  if (dot <= 0 || own.endsWith(' ') || /\s/.test(own.slice(0, dot))) return undefined;
  const [, file, line, obfuscated, obfuscatedLine] = place;
  return {
    start,
    end: close + 1,
    module: own.slice(0, dot),
    function: own.slice(dot + 1),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line1: Number(line) }),
    ...(obfuscated === undefined ? {} : { line1: Number(obfuscatedLine) }),
  };
}

const maxNameLength = 1000;
