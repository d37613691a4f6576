/** Makes frames of what structured logs say of them, in the form that the language's own traces have. */

import type { Frame, TraceLanguage } from '../trace.ts';
import { isGoInApp, readableGoName } from './go.ts';
import { decodeFile, isInApp } from './javascriptFrame.ts';
import { type JsonSpan, textOf } from './jsonCursor.ts';
import { isJvmInApp } from './jvmFrame.ts';
import { readableJvmName } from './jvmName.ts';
import { isPhpInApp } from './php.ts';
import { isInAppPython } from './pythonPath.ts';
import { isRubyInApp } from './ruby.ts';

/** The parts of a frame, each where it stands. */
export interface JsonFrame {
  /** The name of the first part that is known, and the value of the last one. */
  readonly start: JsonSpan | undefined;
  readonly end: JsonSpan | undefined;
  readonly file?: JsonSpan;
  readonly function?: JsonSpan;
  readonly module?: JsonSpan;
  readonly line1?: number;
  readonly column1?: number;
  readonly inApp?: boolean;
}

export type JsonFrameLanguage = Extract<TraceLanguage, 'javascript' | 'python' | 'jvm' | 'go' | 'ruby' | 'php'>;

const languages = new Map<string, JsonFrameLanguage>([
  ['py', 'python'],
  ['go', 'go'],
  ['rb', 'ruby'],
  ['php', 'php'],
  ...['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx', 'vue'].map((ending) => [ending, 'javascript'] as const),
  ...['java', 'kt', 'scala', 'groovy', 'clj'].map((ending) => [ending, 'jvm'] as const),
]);

/** The language that a file's ending tells. */
export function languageOfFile(file: string): JsonFrameLanguage | undefined {
  const dot = file.lastIndexOf('.');
  const ending = dot === -1 || file.length - dot > maxEnding ? undefined : /^\w+/.exec(file.slice(dot + 1))?.[0];
  return ending === undefined ? undefined : languages.get(ending);
}

const maxEnding = 200;

/** The frame whose members `parts` are; its range is that of the members that tell it, on one line that of the file. */
export function framedBy(parts: JsonFrame, language: JsonFrameLanguage): Frame {
  const { line1, column1 } = parts;
  const file = parts.file && decodeFile(textOf(parts.file));
  const { module, name, readable, inApp } = named(parts, file, language);
  return {
    ...rangeOf(parts),
    ...(name === undefined ? {} : { function: name }),
    ...(readable === undefined || readable === name ? {} : { readable }),
    ...(module === undefined ? {} : { module }),
    ...(file === undefined ? {} : { file }),
    ...(line1 === undefined ? {} : { line1 }),
    ...(column1 === undefined ? {} : { column1 }),
    inApp: parts.inApp ?? inApp,
  };
}

interface Named {
  readonly module?: string | undefined;
  readonly name: string | undefined;
  readonly readable?: string | undefined;
  readonly inApp: boolean;
}

function named(parts: JsonFrame, file: string | undefined, language: JsonFrameLanguage): Named {
  const name = parts.function && textOf(parts.function);
  const module = parts.module && textOf(parts.module);
  switch (language) {
    case 'go': {
      const own = name === undefined || module !== undefined ? { module, name } : splitGoName(name);
      return { ...own, readable: readableGoName(own.name ?? ''), inApp: isGoFrameInApp(file ?? '', own.module ?? '') };
    }
    case 'jvm': {
      const inApp = file !== undefined && parts.line1 !== undefined && isJvmInApp(module ?? '');
      return { module, name, readable: name === undefined ? undefined : readableJvmName(module ?? '', name), inApp };
    }
    case 'python':
      // The module says no more than the file.
      return { name, inApp: file !== undefined && isInAppPython(file) };
    case 'javascript':
      return { name, inApp: isInApp(file) };
    case 'ruby':
      return { name, inApp: file !== undefined && isRubyInApp(file) };
    case 'php':
      return { module, name, inApp: file !== undefined && isPhpInApp(file) };
  }
}

/** `github.com/acme/load.(*Reader).Read`, `main.load`; without a package `(*Reader).Read`, `Reader.Read`. */
function splitGoName(name: string): { module: string | undefined; name: string } {
  const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
  const hasPackage = dot > 0 && /^[a-z]/.test(name);
  return hasPackage ? { module: name.slice(0, dot), name: name.slice(dot + 1) } : { module: undefined, name };
}

/** Where only a file's own name is known, those of the runtime that end each stack are told. */
function isGoFrameInApp(file: string, module: string): boolean {
  return !file.endsWith('.s') && file !== 'proc.go' && isGoInApp(file, module);
}

/** Where the members stand; those on several lines: where the file stands. */
function rangeOf({ start, end, file }: JsonFrame): { raw: string; start: number; end: number } {
  const isOnOneLine = start !== undefined && end !== undefined && start.index === end.index;
  const span = isOnOneLine ? { line: start.line, from: start.from, to: end.to } : (file ?? start);
  if (!span) return { raw: '', start: 0, end: 0 };
  const { line, from, to } = span;
  return { raw: line.chars.slice(from, to), start: line.startOf(from - line.from), end: line.endOf(to - line.from) };
}
