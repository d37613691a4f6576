/** What the command may use of the machine: from its environment, as it is the same for every question. */

import type { CallContext } from './call.ts';
import { WrongUse } from './wrongUse.ts';

export interface Limits {
  /** Of an index's tasks and the embedded engine together; beyond its part, the engine works on disk. */
  readonly memoryLimitMb?: number;
  /** For cached segments, and once more for what is spilled. */
  readonly diskLimitMb?: number;
}

/** @throws WrongUse for a value that is no whole number in range. */
export function limitsOf(env: CallContext['env']): Limits {
  const memoryLimitMb = megabytes(env, 'INGEST_TRACE_MEMORY_MB', { min: 128, max: 65_536 });
  const diskLimitMb = megabytes(env, 'INGEST_TRACE_DISK_MB', { min: 128, max: 1_048_576 });
  return {
    ...(memoryLimitMb === undefined ? {} : { memoryLimitMb }),
    ...(diskLimitMb === undefined ? {} : { diskLimitMb }),
  };
}

function megabytes(
  env: CallContext['env'],
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new WrongUse(`${name} expects a whole number of megabytes from ${min} to ${max}, got ${JSON.stringify(text)}.`);
}
