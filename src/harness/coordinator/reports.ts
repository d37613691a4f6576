/** The bodies of the worker protocol; each parser answers what is wrong as text. Unknown fields are refused by `/lease` only: reports may grow. */

import { isJsonObject, type JsonObject } from '../../model/json.ts';
import type { AttemptFailure, AttemptProgress, AttemptResult, LeaseRef } from '../wire.ts';

const maxWaitMs = 30_000;
const maxStackLength = 65_536;

export interface LeaseRequest {
  readonly worker: string;
  /** How long the answer may wait for a task. */
  readonly waitMs: number;
}

export function parseLeaseRequest(body: unknown): LeaseRequest | string {
  if (!isJsonObject(body)) return 'the body is not an object';
  const unknown = Object.keys(body).find((name) => name !== 'worker' && name !== 'waitMs');
  if (unknown !== undefined) return `${JSON.stringify(unknown.slice(0, 80))} is not known`;
  const { worker, waitMs = 0 } = body;
  if (!isId(worker)) return badId('worker');
  if (!isCount(waitMs) || waitMs > maxWaitMs) return `waitMs must be a whole number from 0 to ${maxWaitMs}`;
  return { worker, waitMs };
}

export function parseLeaseRef(body: unknown): LeaseRef | string {
  if (!isJsonObject(body)) return 'the body is not an object';
  const { worker, task, attempt, epoch } = body;
  if (!isId(worker)) return badId('worker');
  if (!isId(task)) return badId('task');
  if (!isCount(attempt)) return badCount('attempt');
  if (!isCount(epoch)) return badCount('epoch');
  return { worker, task, attempt, epoch };
}

export function parseAttemptProgress(body: unknown): AttemptProgress | string {
  if (!isJsonObject(body)) return 'the body is not an object';
  const { docs, bytes } = body;
  if (!isCount(docs)) return badCount('docs');
  if (!isCount(bytes)) return badCount('bytes');
  return { docs, bytes };
}

export function parseAttemptResult(body: unknown): AttemptResult | string {
  const progress = parseAttemptProgress(body);
  if (typeof progress === 'string') return progress;
  const rejected = isJsonObject(body) ? body['rejected'] : undefined;
  return isCount(rejected) ? { ...progress, rejected } : badCount('rejected');
}

export function parseAttemptFailure(body: unknown): AttemptFailure | string {
  if (!isJsonObject(body)) return 'the body is not an object';
  const { error, retryable } = body;
  if (!isJsonObject(error)) return 'error must be an object of type, message and stack';
  if (typeof retryable !== 'boolean') return 'retryable must be true or false';
  const { type, message, stack } = error;
  if ([type, message, stack].some((text) => text !== undefined && typeof text !== 'string')) {
    return 'type, message and stack of error must be texts';
  }
  return { error: textsOf(error), retryable };
}

function textsOf(error: JsonObject): AttemptFailure['error'] {
  const { type, message, stack } = error;
  return {
    ...(typeof type === 'string' ? { type: type.slice(0, 200) } : {}),
    ...(typeof message === 'string' ? { message: message.slice(0, 8_192) } : {}),
    ...(typeof stack === 'string' ? { stack: stack.slice(0, maxStackLength) } : {}),
  };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function badId(name: string): string {
  return `${name} must be a text of 1 to 200 characters`;
}

function badCount(name: string): string {
  return `${name} must be a whole number from 0`;
}
