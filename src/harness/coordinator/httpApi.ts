/** The coordinator's HTTP API (docs/coordinator-api.openapi.json): strict about what it is asked, open only to who has the token. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Coordinator } from './coordinator.ts';
import { type ApiError, readJsonBody } from './jsonBody.ts';
import {
  parseAttemptFailure,
  parseAttemptProgress,
  parseAttemptResult,
  parseLeaseRef,
  parseLeaseRequest,
} from './reports.ts';
import { parseTaskFilter, parseTaskPage, pageOf } from './taskFilter.ts';
import { streamTasks } from './taskStream.ts';

export interface HttpApiOptions {
  readonly coordinator: Coordinator;
  /** Required of every request, when there is one. */
  readonly token: string | undefined;
  readonly version: string | undefined;
  readonly commit: string | undefined;
  readonly nowMs: () => number;
  readonly streamHeartbeatMs: number;
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #routes: Readonly<Record<string, Readonly<Record<string, Handler>>>>;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#routes = {
      '/health': { GET: (_request, response, url) => this.#plain(response, url, () => this.#health()) },
      '/tasks': { GET: (_request, response, url) => this.#tasks(response, url) },
      '/tasks/stream': { GET: (request, response, url) => this.#stream(request, response, url) },
      '/sources': { GET: (_request, response, url) => this.#plain(response, url, () => this.#sources()) },
      '/workers': {
        GET: (_request, response, url) =>
          this.#plain(response, url, () => ({ workers: this.#options.coordinator.workers.list() })),
      },
      '/peers': { GET: (_request, response, url) => this.#plain(response, url, () => this.#peers()) },
      '/lease': { POST: (request, response, url) => this.#lease(request, response, url) },
      '/heartbeat': { POST: (request, response, url) => this.#heartbeat(request, response, url) },
      '/complete': { POST: (request, response, url) => this.#complete(request, response, url) },
      '/fail': { POST: (request, response, url) => this.#fail(request, response, url) },
    };
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    try {
      if (!this.#isAuthorized(request)) {
        response.setHeader('www-authenticate', 'Bearer');
        sendError(response, { status: 401, code: 'unauthorized', message: 'a bearer token is required' });
        return;
      }
      await this.#route(request, response);
    } catch (error) {
      this.#options.coordinator.log('error', 'a request failed', { error: { message: String(error) } });
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 500, code: 'internal', message: 'the request failed; the log says why' });
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parseTarget(request.url ?? '');
    if (!url) return sendError(response, { status: 400, code: 'bad_value', message: 'the target is no URL path' });
    const method = request.method ?? '';
    const methods = this.#routes[url.pathname];
    if (methods && Object.hasOwn(this.#routes, url.pathname)) {
      const handler = methods[method];
      if (handler) return handler(request, response, url);
      return refuseMethod(response, Object.keys(methods));
    }
    const id = /^\/tasks\/([^/]+)$/.exec(url.pathname)?.[1];
    if (id === undefined) {
      return sendError(response, { status: 404, code: 'not_found', message: 'there is nothing at this path' });
    }
    if (method !== 'GET') return refuseMethod(response, ['GET']);
    this.#task(response, url, id);
  }

  /** Compares digests, so that neither content nor length of the token shows in the time it takes. */
  #isAuthorized(request: IncomingMessage): boolean {
    const { token } = this.#options;
    if (token === undefined) return true;
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(given), digest(token));
  }

  #plain(response: ServerResponse, url: URL, answer: () => object): void {
    const [name] = url.searchParams.keys();
    if (name === undefined) return sendJson(response, 200, answer());
    sendError(response, {
      status: 400,
      code: 'unknown_parameter',
      message: `there are no parameters here: ${quoted(name)}`,
    });
  }

  #health(): object {
    const { coordinator, version, commit, nowMs } = this.#options;
    const tasks = { pending: 0, assigned: 0, running: 0, retrying: 0 };
    for (const { status } of coordinator.table.folded()) {
      if (status !== 'succeeded' && status !== 'failed') tasks[status]++;
    }
    return {
      status: coordinator.status,
      coordinator: coordinator.id,
      ...(version === undefined ? {} : { version }),
      ...(commit === undefined ? {} : { commit }),
      startedTs: coordinator.startedMs,
      uptimeMs: nowMs() - coordinator.startedMs,
      sources: coordinator.sources.length,
      tasks,
      workers: coordinator.workers.alive,
    };
  }

  #tasks(response: ServerResponse, url: URL): void {
    const filter = parseTaskFilter(url.searchParams, ['limit', 'cursor']);
    if (filter.kind === 'bad') return sendError(response, { status: 400, ...filter });
    const page = parseTaskPage(url.searchParams);
    if (page.kind === 'bad') return sendError(response, { status: 400, ...page });
    sendJson(response, 200, pageOf(this.#options.coordinator.table.folded(), filter.value, page.value));
  }

  #task(response: ServerResponse, url: URL, encodedId: string): void {
    const id = decodePart(encodedId);
    const held = id === undefined ? undefined : this.#options.coordinator.table.task(id);
    this.#plainOr404(response, url, held && { ...held.folded, attempts: held.attempts });
  }

  #plainOr404(response: ServerResponse, url: URL, answer: object | undefined): void {
    if (answer) return this.#plain(response, url, () => answer);
    const message = 'this coordinator does not hold the task, or no longer';
    sendError(response, { status: 404, code: 'unknown_task', message });
  }

  #stream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const filter = parseTaskFilter(url.searchParams);
    if (filter.kind === 'bad') return sendError(response, { status: 400, ...filter });
    streamTasks(this.#options.coordinator, filter.value, request, response, this.#options.streamHeartbeatMs);
  }

  #sources(): object {
    const { coordinator } = this.#options;
    const counts = new Map<string, { inProcess: number; left: number }>();
    for (const { source, state } of coordinator.table.held()) {
      const key = `${source.account}/${source.collection}/${source.source}`;
      const count = counts.get(key) ?? { inProcess: 0, left: 0 };
      if (state.kind === 'leased') count.inProcess++;
      else if (state.kind === 'waiting') count.left++;
      counts.set(key, count);
    }
    return {
      sources: coordinator.sources.map(({ source, doneCounts, lastCheckpoint }) => ({
        account: source.account,
        collection: source.collection,
        source: source.source,
        url: source.url,
        ...(source.format === undefined ? {} : { format: source.format }),
        ...doneCounts,
        ...(counts.get(`${source.account}/${source.collection}/${source.source}`) ?? { inProcess: 0, left: 0 }),
        lastCheckpoint: { ts: lastCheckpoint.ts, epoch: lastCheckpoint.epoch },
      })),
    };
  }

  #peers(): object {
    const { coordinator } = this.#options;
    return { peers: coordinator.peers.filter(({ id }) => id !== coordinator.id).map(({ url }) => url) };
  }

  async #lease(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const wanted = await this.#body(request, response, url, parseLeaseRequest);
    if (!wanted) return;
    const { coordinator, nowMs } = this.#options;
    const untilMs = nowMs() + wanted.waitMs;
    for (;;) {
      await coordinator.logReady();
      // Nobody is there any more to take it.
      if (response.destroyed) return;
      const lease = coordinator.lease(wanted.worker);
      if (lease) return sendJson(response, 200, { lease });
      if (nowMs() >= untilMs || coordinator.status === 'draining') break;
      await coordinator.workAvailable();
    }
    response.writeHead(204).end();
  }

  async #heartbeat(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const report = await this.#body(request, response, url, both(parseLeaseRef, parseAttemptProgress));
    if (report) this.#answer(response, this.#options.coordinator.heartbeat(...report));
  }

  async #complete(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const report = await this.#body(request, response, url, both(parseLeaseRef, parseAttemptResult));
    if (report) this.#answer(response, this.#options.coordinator.complete(...report));
  }

  async #fail(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const report = await this.#body(request, response, url, both(parseLeaseRef, parseAttemptFailure));
    if (report) this.#answer(response, this.#options.coordinator.fail(...report));
  }

  #answer(response: ServerResponse, answer: 'held' | 'lost'): void {
    if (answer === 'held') return sendJson(response, 200, { status: 'ok' });
    const message = 'the lease has expired or was never given: the task is not yours';
    sendError(response, { status: 409, code: 'lease_lost', message });
  }

  /** The request's body as `parse` accepts it; when it does not, the error is already sent. */
  async #body<T>(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    parse: (body: unknown) => T | string,
  ): Promise<T | undefined> {
    const [name] = url.searchParams.keys();
    if (name !== undefined) {
      const message = `there are no parameters here: ${quoted(name)}`;
      sendError(response, { status: 400, code: 'unknown_parameter', message });
      return undefined;
    }
    const body = await readJsonBody(request);
    if (body.kind === 'bad') {
      sendError(response, body.error);
      return undefined;
    }
    const parsed = parse(body.value);
    if (typeof parsed !== 'string') return parsed;
    sendError(response, { status: 400, code: 'bad_value', message: parsed });
    return undefined;
  }
}

function both<A, B>(parseA: (body: unknown) => A | string, parseB: (body: unknown) => B | string) {
  return (body: unknown): readonly [A, B] | string => {
    const a = parseA(body);
    if (typeof a === 'string') return a;
    const b = parseB(body);
    return typeof b === 'string' ? b : [a, b];
  };
}

function parseTarget(target: string): URL | undefined {
  return target.startsWith('/') && URL.canParse(`http://coordinator${target}`)
    ? new URL(`http://coordinator${target}`)
    : undefined;
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function refuseMethod(response: ServerResponse, allowed: readonly string[]): void {
  response.setHeader('allow', allowed.join(', '));
  sendError(response, { status: 405, code: 'method_not_allowed', message: `only ${allowed.join(', ')} here` });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, { status, code, message }: ApiError): void {
  sendJson(response, status, { error: { code, message } });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
