/** What a field mapping can name on its right side: the canonical fields, some of them read in another unit or scale. */

import {
  integer,
  knownTime,
  level,
  pinoLevel,
  severityNumber,
  syslogSeverity,
  text,
  time,
  type TypeRule,
} from './typeRules.ts';

export const targets = {
  ts: time('ms'),
  'ts:s': time('s'),
  'ts:us': knownTime('us'),
  'ts:ns': knownTime('ns'),
  level,
  'level:pino': pinoLevel,
  'level:opentelemetry': severityNumber,
  'level:syslog': syslogSeverity,
  event: text,
  task: text,
  attempt: integer,
  account: text,
  collection: text,
  source: text,
  coordinator: text,
  worker: text,
  message: text,
  'error.type': text,
  'error.message': text,
  'error.stack': text,
  'build.service': text,
  'build.version': text,
  'build.commit': text,
  'build.repository': text,
  key: text,
  bytes: integer,
  docs: integer,
} as const satisfies Readonly<Record<string, TypeRule>>;

export type Target = keyof typeof targets;

export function isTarget(name: string): name is Target {
  return Object.hasOwn(targets, name);
}

/** The field itself, without the unit or scale it is read in. */
export function fieldOf(target: Target): string {
  return target.split(':')[0] ?? target;
}
