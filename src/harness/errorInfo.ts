/** An error as a task log tells it: its type, its message, and what the runtime prints of it, causes included. */

import { inspect } from 'node:util';
import type { ErrorInfo } from '../model/record.ts';

const maxStackLength = 32_768;
const maxMessageLength = 4_096;

export function errorInfo(error: unknown): ErrorInfo {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error).slice(0, maxMessageLength) };
  // The same text that Node.js prints for an uncaught error; frames name source files where source maps are enabled.
  const stack = inspect(error, { depth: 4, maxStringLength: 2_000, maxArrayLength: 20 });
  return { type: error.name, message: error.message.slice(0, maxMessageLength), stack: stack.slice(0, maxStackLength) };
}
