/** Answers the requests of protocol.ts on one message connection. */

import type { CancellationToken, MessageConnection, RequestType } from 'vscode-jsonrpc';
import type { AskOptions } from '../backends/taskBackend.ts';
import type { Query } from '../model/query/query.ts';
import { parseQuery } from '../model/query/parseQuery.ts';
import { version } from '../model/version.ts';
import { signalOfToken } from './cancellation.ts';
import { errorResponse, QueryRefused } from './errorResponse.ts';
import { type Connect, OpenEnvironments } from './openEnvironments.ts';
import * as protocol from './protocol.ts';

export interface EngineServerOptions {
  readonly connection: MessageConnection;
  readonly connect: Connect;
  readonly now: () => number;
}

/** Progress is for people: more often than this nobody can read it, and the channel has better uses. */
const progressEveryMs = 100;

/** Serves until `close`, which cancels all requests and closes the environments' connections after them. */
export function serveEngine({ connection, connect, now }: EngineServerOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const environments = new OpenEnvironments(connect, (environment, error) => {
    log('warn', `Closing environment ${environment}: ${messageOf(error)}`);
  });

  connection.onRequest(protocol.ping, () => ({ pid: process.pid, version }));
  connection.onRequest(protocol.configure, (configuration) => {
    environments.configure(configuration);
    const names = configuration.environments.map((environment) => environment.name);
    log('info', `Configured ${names.length === 0 ? 'no environment' : names.join(', ')}.`);
    return null;
  });
  serve(protocol.search, (params, ask) => {
    const query = queryOf(params.query);
    const { limit, cursor } = params;
    return environments.use(params.environment, (asked) =>
      asked.search(query, params.mode, { ...ask, limit, ...(cursor !== undefined && { cursor }) }),
    );
  });
  serve(protocol.task, (params, ask) =>
    environments.use(params.environment, (asked) => asked.task(params.id, params.mode, ask)),
  );
  serve(protocol.records, (params, ask) => {
    const query = queryOf(params.query);
    return environments.use(params.environment, (asked) =>
      asked.records(query, params.mode, { ...ask, limit: params.limit }),
    );
  });
  serve(protocol.groups, (params, ask) => {
    const query = queryOf(params.query);
    const { mode, limit } = params;
    return environments.use(params.environment, ({ overview }) => overview.groups(query, mode, { ...ask, limit }));
  });
  serve(protocol.fields, (params, ask) => {
    const query = queryOf(params.query);
    const { mode, limit } = params;
    return environments.use(params.environment, ({ overview }) => overview.fields(query, mode, { ...ask, limit }));
  });
  serve(protocol.values, ({ environment, field, mode, prefix, limit }, ask) =>
    environments.use(environment, ({ overview }) => overview.values(field, mode, { ...ask, prefix, limit })),
  );
  serve(protocol.facets, (params, ask) => {
    const query = queryOf(params.query);
    const { field, mode, limit } = params;
    return environments.use(params.environment, ({ overview }) =>
      overview.facets(query, field, mode, { ...ask, limit }),
    );
  });
  serve(protocol.histogram, (params, ask) => {
    const query = queryOf(params.query);
    return environments.use(params.environment, ({ overview }) => overview.histogram(query, params.mode, ask));
  });
  serve(protocol.lanes, (params, ask) => {
    const query = queryOf(params.query);
    const { mode, limit } = params;
    return environments.use(params.environment, ({ overview }) => overview.lanes(query, mode, { ...ask, limit }));
  });
  serve(protocol.sql, ({ environment, sql, limit }, ask) =>
    environments.use(environment, ({ overview }) => overview.sql(sql, { ...ask, limit })),
  );
  serve(protocol.live, (params, ask) =>
    environments.use(params.environment, (asked) => asked.liveSnapshot(params.limit, ask)),
  );
  serve(protocol.indexPass, (params, ask) => environments.use(params.environment, (asked) => asked.indexPass(ask)));

  return {
    close: async () => {
      closing.abort(new DOMException('The engine is closing.', 'AbortError'));
      await environments.close();
    },
  };

  function serve<P extends protocol.EnvironmentParams, R extends object>(
    type: RequestType<P, R, protocol.EngineErrorData>,
    answer: (params: P, ask: AskOptions) => Promise<R>,
  ): void {
    connection.onRequest<object, protocol.EngineErrorData>(type.method, async (params: P, token: CancellationToken) => {
      using cancellation = signalOfToken(token, closing.signal);
      const { signal } = cancellation;
      try {
        const onProgress = progressTo(params.progressToken);
        return await answer(params, { signal, ...(onProgress && { onProgress }) });
      } catch (error) {
        const response = errorResponse(error, signal);
        if (response.data?.code === 'internal') log('error', `${type.method}: ${stackOf(error)}`);
        return response;
      }
    });
  }

  function progressTo(token: string | undefined): AskOptions['onProgress'] {
    if (token === undefined) return undefined;
    let lastMs = Number.NEGATIVE_INFINITY;
    return (progress) => {
      const atMs = now();
      if (atMs - lastMs < progressEveryMs && progress.done !== progress.total) return;
      lastMs = atMs;
      void tell(() => connection.sendProgress(protocol.progress, token, progress));
    };
  }

  function queryOf(text: string): Query {
    const parsed = parseQuery(text, { nowMs: now() });
    if (parsed.kind === 'problem') throw new QueryRefused(parsed.problem);
    return parsed.query;
  }

  function log(level: protocol.EngineLog['level'], message: string): void {
    void tell(() => connection.sendNotification(protocol.log, { level, message }));
  }

  async function tell(send: () => Promise<void>): Promise<void> {
    try {
      await send();
    } catch {
      // The other side is gone: nobody is left to be told, of this or of the failure.
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
