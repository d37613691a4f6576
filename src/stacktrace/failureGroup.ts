/** Names failures of the same cause with one id that survives deploys, machines and the noise in messages. */

import type { ErrorInfo } from '../model/record.ts';
import { tracesIn } from './findTraces.ts';
import { hash64 } from './hash64.ts';
import { maskMessage } from './maskMessage.ts';
import { type Frame, rootCause, type Trace } from './trace.ts';

/** Raise it with every change that gives an error another id: ids of two versions are never compared. */
const version = 'g1';

/** How many distinct in-app functions, from the innermost, tell one cause from another. */
const maxFunctions = 5;

/**
 * The group of an error: root-cause exception type and its innermost in-app functions without line numbers; where no
 * in-app frame is known, type and masked message. `undefined` when the error says nothing at all.
 * @returns `g1-` and 16 hex digits
 */
export function failureGroup(error: ErrorInfo): string | undefined {
  return nameFailure(error)?.group;
}

export interface NamedFailure {
  readonly group: string;
  /** Told by type and functions alone: so is one whose stack has other lines and columns for the same frames. */
  readonly isOfFrames: boolean;
}

/** As `failureGroup`, and what the group was made of. */
export function nameFailure(error: ErrorInfo): NamedFailure | undefined {
  const [trace] = tracesIn(error.stack ?? '');
  const root = trace && rootCause(trace);
  // Of a single error the logged type says more than the header, which some runtimes write before the name is set.
  const type = (root === trace ? (error.type ?? root?.type) : root?.type) ?? error.type ?? '';
  const functions = distinctFunctions(root?.frames ?? []);
  if (functions.length > 0) return { group: idOf(['frames', type, ...functions]), isOfFrames: true };
  const message = (root && messageOf(root)) ?? error.message ?? firstLine(error.stack);
  if (type === '' && message === undefined) return undefined;
  return { group: idOf(['message', type, maskMessage(message ?? '')]), isOfFrames: false };
}

function idOf(parts: readonly string[]): string {
  return `${version}-${hash64(parts.join('\n'))}`;
}

function distinctFunctions(frames: readonly Frame[]): string[] {
  const functions = new Set<string>();
  for (const frame of frames) {
    if (!frame.inApp) continue;
    functions.add(`${moduleOf(frame)}.${stableName(frame.function ?? '<anonymous>')}`);
    if (functions.size === maxFunctions) break;
  }
  return [...functions];
}

/** The module, else the file's base name: folders differ between machines. */
function moduleOf(frame: Frame): string {
  if (frame.module !== undefined) return stableName(frame.module);
  const file = frame.file ?? '';
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return base.replace(contentHash, '').replace(/\.[A-Za-z]{1,4}$/, '');
}

/** `main-3f9a2b1c.js`, `main.3f9a2b1c.js`: what a bundler adds. */
const contentHash = /[-.](?=[0-9A-Za-z_]*\d)[0-9A-Za-z_]{8,}(?=\.)/;

/** Compilers number lambdas and generated classes anew in each build. */
function stableName(name: string): string {
  const withoutAddresses = /0x/i.test(name) ? name.replace(/0x[0-9a-f]+/gi, '') : name;
  return withoutAddresses.replace(/\d+/g, '#');
}

/**
 * Of Python's messages the first line: how many more can be told from what follows them depends on where the trace was
 * logged, and the notes among them carry data.
 */
function messageOf(root: Trace): string | undefined {
  if (root.language !== 'python') return root.message;
  const line = firstLine(root.message)?.trim();
  return line === '' ? undefined : line;
}

function firstLine(text: string | undefined): string | undefined {
  return text?.split('\n', 1)[0];
}
