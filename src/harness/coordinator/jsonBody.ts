/** Reads a request's JSON body, bounded. */

import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../model/json.ts';

const maxBodyBytes = 1 << 20;

export interface ApiError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export type JsonBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bad'; readonly error: ApiError };

/**
 * Insists on the content type: a page in a browser cannot send it to another origin unasked, so that no web page can
 * play worker on a loopback port.
 */
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    return bad(415, 'unsupported_media_type', 'content-type must be application/json');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) return bad(413, 'too_large', `the body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  const value = parseJson(Buffer.concat(chunks).toString());
  return value === undefined ? bad(400, 'bad_value', 'the body is not JSON') : { kind: 'json', value };
}

function bad(status: number, code: string, message: string): JsonBody {
  return { kind: 'bad', error: { status, code, message } };
}
