/** The address of a task's log document: a readable path for the tab, the exact names in the query. */

import { isJsonObject, parseJson } from '../../model/json.ts';
import { plainLine } from '../plainText.ts';

export interface TaskLogAddress {
  readonly environment: string;
  readonly task: string;
}

export function taskLogPath(environment: string, task: string): { readonly path: string; readonly query: string } {
  // Slashes and dots of an id must not make folders of it.
  const name = plainLine(task, 80).replace(/[^\w.-]+/g, '_') || 'task';
  return { path: `/${name}.task-log`, query: JSON.stringify({ environment, task }) };
}

export function parseTaskLogUri(uri: { readonly query: string }): TaskLogAddress | undefined {
  const value = parseJson(uri.query);
  if (!isJsonObject(value)) return undefined;
  const { environment, task } = value;
  return typeof environment === 'string' && typeof task === 'string' ? { environment, task } : undefined;
}
