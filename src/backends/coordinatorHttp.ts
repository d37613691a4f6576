/**
 * The HTTP client that coordinators are asked with. A module of its own, to be loaded when it is needed: of a library that is no ES
 * module, a bundle that is split hands out no names where it is imported as the program runs.
 */

import { Agent, request } from 'undici';

export interface CoordinatorHttp {
  readonly agent: Agent;
  readonly request: typeof request;
}

interface HttpLimits {
  /** Of each step: to connect, to the headers, between two pieces of a body. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

/** The caller destroys the agent. */
export function openCoordinatorHttp({ timeoutMs, maxBodyBytes }: HttpLimits): CoordinatorHttp {
  const agent = new Agent({
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connections: 8,
    maxResponseSize: maxBodyBytes,
  });
  return { agent, request };
}
