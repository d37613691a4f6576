/** The options that say where to ask, and the environment that they name. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AskMode } from '../model/answer.ts';
import type { Environment, S3Options } from '../model/environment.ts';
import type { Fields } from '../model/fieldMapping/fieldMapping.ts';
import { parseFields, presetList } from '../model/fieldMapping/parseFields.ts';
import { isPresetName } from '../model/fieldMapping/presets.ts';
import { parseJson } from '../model/json.ts';
import { httpUrlProblem, storeUrlProblem } from '../model/parseEnvironments.ts';
import type { CallContext } from './call.ts';
import { findEnvironment } from './findEnvironment.ts';
import type { OptionTable, OptionValues } from './options.ts';
import { WrongUse } from './wrongUse.ts';

export const s3Options = {
  endpoint: { type: 'text', value: 'URL', help: 'endpoint of an S3 that is not AWS' },
  region: { type: 'text', value: 'NAME', help: 'region of S3' },
  profile: { type: 'text', value: 'NAME', help: 'AWS profile with the credentials' },
} as const satisfies OptionTable;

const env = { type: 'text', value: 'NAME', help: 'an environment of ingest-trace.json' } as const;
const coordinator = {
  type: 'text',
  value: 'URL…',
  help: 'coordinators; their peers are discovered',
  repeatable: true,
  further: /^https?:\/\//,
} as const;
const index = { type: 'text', value: 'URL', help: 'the index: file:///… or s3://bucket/prefix' } as const;
const logs = { type: 'text', value: 'URL', help: 'the log root: file:///… or s3://bucket/prefix' } as const;

const fields = {
  type: 'text',
  value: 'PRESET|FILE',
  help: `names of the logs' fields: ${presetList}, or a file`,
} as const;

/** For calls that ask an ingest system, its index or its logs. */
export const askOptions = { env, coordinator, index, logs, fields, ...s3Options } as const satisfies OptionTable;
export const logsOptions = { env, logs, fields, ...s3Options } as const satisfies OptionTable;
export const indexOptions = { env, index, ...s3Options } as const satisfies OptionTable;
export const indexingOptions = { env, logs, index, fields, ...s3Options } as const satisfies OptionTable;

const addresses = ['coordinator', 'index', 'logs', 'fields', 'endpoint', 'region', 'profile'] as const;

/**
 * The environment that the options name, or that they make up.
 * @throws WrongUse when they name none, or both an environment and addresses.
 */
export async function environmentOf(values: OptionValues, context: CallContext): Promise<Environment> {
  const name = values.text('env');
  const given = addresses.filter((option) => values.text(option) !== undefined || values.texts(option).length > 0);
  if (name !== undefined && given.length > 0) {
    throw new WrongUse(`--env and --${given[0]} exclude each other: an environment says where to ask by itself.`);
  }
  const coordinators = values.texts('coordinator').map((url) => checked('coordinator', url, httpUrlProblem(url)));
  const logs = storeUrl(values, 'logs', context.cwd);
  const index = storeUrl(values, 'index', context.cwd);
  if (coordinators.length === 0 && logs === undefined && index === undefined) {
    if (given.length > 0) throw new WrongUse(`--${given[0]} alone does not say where to ask: add --index or --logs.`);
    return findEnvironment(name, { ...context, tell: (message) => context.terminal.tell(message) });
  }
  const s3 = s3Of(values);
  const fields = await fieldsOf(values, context.cwd);
  if (fields !== undefined && logs === undefined) {
    throw new WrongUse('--fields says what logs call their fields: add --logs.');
  }
  return {
    name: 'here',
    coordinators,
    ...(logs !== undefined && { logs }),
    ...(index !== undefined && { index }),
    ...(s3 && { s3 }),
    ...(fields !== undefined && { fields }),
    paths: [],
  };
}

/** Asks the one place there is, so that no other is missed; `auto` where there are several. */
export function askModeOf(environment: Environment): AskMode {
  const modes: AskMode[] = [];
  if (environment.coordinators.length > 0) modes.push('live');
  if (environment.index !== undefined) modes.push('index');
  if (environment.logs !== undefined) modes.push('direct');
  const [only] = modes;
  return only !== undefined && modes.length === 1 ? only : 'auto';
}

/** The token for the environment's coordinators: from the process environment, never an option that `ps` would show. */
export function coordinatorToken(environment: Environment, env: CallContext['env']): string | undefined {
  const suffix = environment.name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  return env[`INGEST_TRACE_TOKEN_${suffix}`] ?? env['INGEST_TRACE_TOKEN'];
}

/** @throws WrongUse unless the option is absent or a store's URL; a path gets the URL that was probably meant. */
export function storeUrl(values: OptionValues, option: string, cwd: string): string | undefined {
  const url = values.text(option);
  if (url === undefined) return undefined;
  const problem = storeUrlProblem(url);
  const hint = problem !== undefined && !/^[a-z][a-z0-9+.-]+:/i.test(url) ? pathToFileURL(resolve(cwd, url)).href : '';
  return checked(option, url, hint === '' ? problem : `${problem}; did you mean ${hint}?`);
}

export function s3Of(values: OptionValues): S3Options | undefined {
  const endpoint = values.text('endpoint');
  const region = values.text('region');
  const profile = values.text('profile');
  if (endpoint === undefined && region === undefined && profile === undefined) return undefined;
  if (endpoint !== undefined) checked('endpoint', endpoint, httpUrlProblem(endpoint));
  return {
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
}

/** @throws WrongUse unless the option is absent, names a preset, or a file with the same JSON as an environment's `fields`. */
async function fieldsOf(values: OptionValues, cwd: string): Promise<Fields | undefined> {
  const named = values.text('fields');
  if (named === undefined || isPresetName(named)) return named;
  const path = resolve(cwd, named);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WrongUse(`--fields: expected ${presetList}, or a file; ${path} cannot be read: ${reason}`, {
      cause: error,
    });
  }
  const problems: string[] = [];
  const value = parseJson(text.replace(/^\uFEFF/, ''));
  if (value === undefined) throw new WrongUse(`--fields: ${path} is not valid JSON.`);
  const fields = parseFields(value, '', (at, problem) => problems.push(at === '' ? problem : `${at}: ${problem}`));
  if (fields === undefined) {
    throw new WrongUse([`--fields: ${path} is not valid:`, ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
  return fields;
}

function checked(option: string, value: string, problem: string | undefined): string {
  if (problem !== undefined) throw new WrongUse(`--${option}: ${problem}${problem.endsWith('?') ? '' : '.'}`);
  return value;
}
