/** Asks one coordinator at a time over HTTP, with limits on time and size, and says plainly why there is no answer. */

import { type JsonObject, parseJson } from '../model/json.ts';
import { messageOf } from './backendError.ts';
import {
  type Health,
  type LiveTask,
  readHealth,
  readLiveTask,
  readPeers,
  readTaskPage,
  readWorkers,
  type TaskPage,
} from './coordinatorAnswers.ts';
import type { CoordinatorHttp } from './coordinatorHttp.ts';

export interface CoordinatorClientOptions {
  /** The bearer token for a coordinator's URL, if it needs one. */
  readonly tokenFor?: (url: string) => string | undefined;
  /** For connecting, and again for the answer's headers. */
  readonly timeoutMs?: number;
  /** For a whole answer, however it trickles in. */
  readonly deadlineMs?: number;
}

/** A coordinator did not answer, or not as one does. The message is a phrase to follow its URL. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code: 'unreachable' | 'denied' | 'badAnswer';

  constructor(code: NoAnswer['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** More than any page of tasks; a body beyond it is cut off. */
const maxBodyBytes = 32 * 1024 * 1024;

export class CoordinatorClient {
  /** Loaded by the first question: who asks the index alone does not wait for it. */
  #http: Promise<CoordinatorHttp> | undefined;
  readonly #tokenFor: (url: string) => string | undefined;
  readonly #timeoutMs: number;
  readonly #deadlineMs: number;

  constructor(options: CoordinatorClientOptions) {
    const timeoutMs = options.timeoutMs ?? 2000;
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = options.deadlineMs ?? 5 * timeoutMs;
    this.#tokenFor = options.tokenFor ?? (() => undefined);
  }

  /** Every method rejects with NoAnswer, or with `signal.reason` when cancelled. */
  async health(url: string, signal?: AbortSignal): Promise<Health> {
    return readHealth((await this.#get(url, '/health', signal)).content) ?? badAnswer('/health');
  }

  async peers(url: string, signal?: AbortSignal): Promise<string[]> {
    return readPeers((await this.#get(url, '/peers', signal)).content) ?? badAnswer('/peers');
  }

  async workers(url: string, signal?: AbortSignal): Promise<JsonObject[]> {
    return readWorkers((await this.#get(url, '/workers', signal)).content) ?? badAnswer('/workers');
  }

  async tasks(
    url: string,
    parameters: URLSearchParams,
    signal?: AbortSignal,
  ): Promise<TaskPage & { readonly bytes: number }> {
    const { content, bytes } = await this.#get(url, `/tasks?${parameters.toString()}`, signal);
    const page = readTaskPage(content) ?? badAnswer('/tasks');
    return { ...page, bytes };
  }

  /** `undefined` when the coordinator does not hold the task (any more). */
  async task(url: string, id: string, signal?: AbortSignal): Promise<LiveTask | undefined> {
    const { status, content } = await this.#get(url, `/tasks/${encodeURIComponent(id)}`, signal, [404]);
    if (status === 404) return undefined;
    return readLiveTask(content) ?? badAnswer('/tasks/{id}');
  }

  async close(): Promise<void> {
    const http = await this.#http?.catch(() => undefined);
    await http?.agent.destroy();
  }

  async #connect() {
    const { openCoordinatorHttp } = await import('./coordinatorHttp.ts');
    return openCoordinatorHttp({ timeoutMs: this.#timeoutMs, maxBodyBytes });
  }

  async #get(
    url: string,
    path: string,
    signal: AbortSignal | undefined,
    expected: readonly number[] = [],
  ): Promise<{ status: number; content: unknown; bytes: number }> {
    signal?.throwIfAborted();
    const token = this.#tokenFor(url);
    const deadline = AbortSignal.timeout(this.#deadlineMs);
    try {
      const { agent, request } = await (this.#http ??= this.#connect());
      const { statusCode, body } = await request(url + path, {
        dispatcher: agent,
        headers: { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      const text = await body.text();
      if (statusCode === 401 || statusCode === 403) {
        const why = token === undefined ? 'it needs a token' : 'it does not accept the token';
        throw new NoAnswer('denied', `refused with ${statusCode}: ${why}`);
      }
      if (statusCode !== 200 && !expected.includes(statusCode)) {
        throw new NoAnswer('badAnswer', `answered ${path.split('?')[0]} with status ${statusCode}`);
      }
      return { status: statusCode, content: parseJson(text), bytes: Buffer.byteLength(text) };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof NoAnswer) throw error;
      const reason = deadline.aborted ? `no whole answer within ${this.#deadlineMs / 1000} s` : this.#reasonOf(error);
      throw new NoAnswer('unreachable', reason, { cause: error });
    }
  }

  #reasonOf(error: unknown): string {
    switch (error instanceof Error && 'code' in error ? error.code : undefined) {
      case 'UND_ERR_CONNECT_TIMEOUT':
      case 'UND_ERR_HEADERS_TIMEOUT':
      case 'UND_ERR_BODY_TIMEOUT':
        return `no answer within ${this.#timeoutMs / 1000} s`;
      case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
        return `answered with more than ${maxBodyBytes} bytes`;
      case 'ECONNREFUSED':
        return 'nothing listens there (connection refused)';
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return 'no such host';
      case 'ECONNRESET':
      case 'UND_ERR_SOCKET':
        return 'broke the connection off';
      default:
        return messageOf(error);
    }
  }
}

function badAnswer(path: string): never {
  throw new NoAnswer('badAnswer', `answered ${path} with something else than a coordinator would`);
}
