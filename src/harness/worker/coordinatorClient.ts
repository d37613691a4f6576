/** The worker's side of the coordinator's HTTP API. */

import { isJsonObject, parseJson } from '../../model/json.ts';
import type { AttemptFailure, AttemptProgress, AttemptResult, Lease, LeaseRef } from '../wire.ts';

/** What a call took; goes to the task log. */
interface CallReport {
  readonly status: number;
  readonly ms: number;
}

export type LeaseReply =
  | { readonly kind: 'lease'; readonly lease: Lease; readonly call: CallReport }
  | { readonly kind: 'nothing' };

export type ReportReply =
  | { readonly kind: 'held'; readonly call: CallReport }
  /** The coordinator has given the attempt up: 409, or 404 when it does not know the task at all. */
  | { readonly kind: 'lost'; readonly call: CallReport };

export class CoordinatorError extends Error {
  override readonly name = 'CoordinatorError';
}

/** Beyond the long-poll itself. */
const answerMs = 5_000;

export class CoordinatorClient {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.url = url;
    this.#token = token;
  }

  async lease(worker: string, waitMs: number, signal: AbortSignal): Promise<LeaseReply> {
    const { status, body, ms } = await this.#post('/lease', { worker, waitMs }, signal, waitMs + answerMs);
    if (status === 204) return { kind: 'nothing' };
    const lease = isJsonObject(body) ? body['lease'] : undefined;
    if (status !== 200 || !isLease(lease)) throw this.#unexpected('/lease', status, body);
    return { kind: 'lease', lease, call: { status, ms } };
  }

  heartbeat(ref: LeaseRef, progress: AttemptProgress, signal: AbortSignal): Promise<ReportReply> {
    return this.#report('/heartbeat', { ...ref, ...progress }, signal);
  }

  complete(ref: LeaseRef, result: AttemptResult, signal: AbortSignal): Promise<ReportReply> {
    return this.#report('/complete', { ...ref, ...result }, signal);
  }

  fail(ref: LeaseRef, failure: AttemptFailure, signal: AbortSignal): Promise<ReportReply> {
    return this.#report('/fail', { ...ref, ...failure }, signal);
  }

  async #report(path: string, message: object, signal: AbortSignal): Promise<ReportReply> {
    const { status, body, ms } = await this.#post(path, message, signal, answerMs);
    if (status === 200) return { kind: 'held', call: { status, ms } };
    if (status === 409 || status === 404) return { kind: 'lost', call: { status, ms } };
    throw this.#unexpected(path, status, body);
  }

  async #post(
    path: string,
    message: object,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<{ readonly status: number; readonly body: unknown; readonly ms: number }> {
    const started = performance.now();
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      body: JSON.stringify(message),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const body = parseJson(await response.text());
    return { status: response.status, body, ms: Math.round((performance.now() - started) * 10) / 10 };
  }

  #unexpected(path: string, status: number, body: unknown): CoordinatorError {
    const error = isJsonObject(body) ? body['error'] : undefined;
    const message = isJsonObject(error) ? error['message'] : undefined;
    const what = typeof message === 'string' ? `: ${message.slice(0, 200)}` : '';
    return new CoordinatorError(`${this.url}${path} answered ${status}${what}`);
  }
}

/** Trusts the coordinator's own types beyond what tells a lease from anything else. */
function isLease(value: unknown): value is Lease & object {
  return (
    isJsonObject(value) &&
    typeof value['task'] === 'string' &&
    typeof value['attempt'] === 'number' &&
    typeof value['epoch'] === 'number' &&
    typeof value['leaseMs'] === 'number' &&
    typeof value['objectKey'] === 'string' &&
    isJsonObject(value['source'])
  );
}
