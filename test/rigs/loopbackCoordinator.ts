/**
 * A server that speaks the coordinator API from a given list of tasks, and misbehaves on request. The harness's own
 * coordinator cannot hang, answer garbage or be of another version, which is what these tests are about.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FoldedTask } from '../../src/model/task.ts';

type Misbehave = (path: string, response: ServerResponse) => boolean;

export interface LoopbackCoordinator extends AsyncDisposable {
  readonly url: string;
  /** Every request so far, path and query. */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
  tasks: FoldedTask[];
  peers: unknown;
  /** Answers in place of the server when it returns true. */
  misbehave: Misbehave;
}

export async function startLoopbackCoordinator(id: string, tasks: FoldedTask[] = []): Promise<LoopbackCoordinator> {
  const coordinator = {
    url: '',
    asked: [] as string[],
    authorizations: [] as (string | undefined)[],
    tasks,
    peers: { peers: [] } as unknown,
    misbehave: (() => false) as Misbehave,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    coordinator.asked.push(url.pathname + url.search);
    coordinator.authorizations.push(request.headers.authorization);
    if (coordinator.misbehave(url.pathname, response)) return;
    const [status, content] = answer(url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
  });

  function answer(url: URL): [number, unknown] {
    if (url.pathname === '/health') {
      const counts = { pending: 1, assigned: 0, running: 2, retrying: 0 };
      return [200, { status: 'ok', coordinator: id, version: '1.2.3', uptimeMs: 5, tasks: counts, workers: 2 }];
    }
    if (url.pathname === '/peers') return [200, coordinator.peers];
    if (url.pathname === '/tasks') {
      const wanted = (name: 'account' | 'status' | 'worker', value: string | undefined) => {
        const values = url.searchParams.getAll(name);
        return values.length === 0 || values.includes(value ?? '');
      };
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const limit = Number(url.searchParams.get('limit') ?? 100);
      const matching = coordinator.tasks.filter(
        (task) => wanted('account', task.account) && wanted('status', task.status) && wanted('worker', task.worker),
      );
      const more = matching.length > from + limit;
      return [200, { tasks: matching.slice(from, from + limit), ...(more ? { cursor: String(from + limit) } : {}) }];
    }
    const task = coordinator.tasks.find((each) => url.pathname === `/tasks/${encodeURIComponent(each.task)}`);
    if (!task) return [404, { error: { code: 'not_found', message: 'no such task' } }];
    const { attempts, worker, firstTs, lastTs } = task;
    const list = Array.from({ length: attempts }, (_, at) => ({
      attempt: at + 1,
      status: 'running',
      worker,
      firstTs,
      lastTs,
    }));
    return [200, { ...task, attempts: list }];
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  coordinator.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return coordinator;
}

/** A URL on which nothing listens: it was a server's until a moment ago. */
export async function deadUrl(): Promise<string> {
  await using coordinator = await startLoopbackCoordinator('dead');
  return coordinator.url;
}
