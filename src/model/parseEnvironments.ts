/**
 * Validates environments (docs/environments.md): the value of the setting `ingestTrace.environments`, or the content of
 * `ingest-trace.json`. What is wrong is refused with its path and with what was expected; nothing is adjusted or ignored.
 */

import { describeValue, hasControlCharacter } from './describeValue.ts';
import type { Environment, EnvironmentProblem, ParsedEnvironments, PathMapping, S3Options } from './environment.ts';
import { parseFields } from './fieldMapping/parseFields.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { parseDuration } from './query/values.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads an array of environments, or an object that holds one under `environments`.
 * Paths of problems start with `environments` in both cases; every problem is reported, not the first only.
 */
export function parseEnvironments(value: unknown): ParsedEnvironments {
  const check = new Check();
  const list = isJsonObject(value) ? listOf(check, value) : value;
  const environments: Environment[] = [];
  const sound: Environment[] = [];
  if (!Array.isArray(list)) {
    if (check.problems.length === 0) {
      check.refuse('environments', `expected an array of environments, got ${describeValue(list)}`);
    }
  } else {
    for (const [index, item] of list.entries()) {
      const before = check.problems.length;
      const environment = parseEnvironment(check, `environments[${index}]`, item);
      if (!environment) continue;
      if (environments.some((other) => other.name === environment.name)) {
        const name = JSON.stringify(environment.name);
        check.refuse(`environments[${index}].name`, `another environment is named ${name}; names must be unique`);
      }
      environments.push(environment);
      if (check.problems.length === before) sound.push(environment);
    }
  }
  return check.problems.length > 0
    ? { kind: 'problems', problems: check.problems, sound }
    : { kind: 'environments', environments };
}

/** Collects problems while values are read. */
class Check {
  readonly problems: EnvironmentProblem[] = [];

  refuse(path: string, message: string): undefined {
    this.problems.push({ path, message });
    return undefined;
  }

  /** Refuses keys that are not in `known`; those that look like a secret get advice, and their value is not repeated. */
  keys(path: string, value: JsonObject, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const at = path === '' ? key : `${path}.${key}`;
      if (secretKey.test(key)) this.refuse(at, `credentials do not belong here. ${secretAdvice}`);
      else this.refuse(at, `unknown key; known keys are ${known.filter((name) => name !== '$schema').join(', ')}`);
    }
  }

  text(path: string, value: unknown, expected: string): string | undefined {
    if (typeof value === 'string' && value.trim() !== '' && !hasControlCharacter(value)) return value;
    return this.refuse(path, `expected ${expected}, got ${describeValue(value)}`);
  }
}

const environmentKeys = [
  'name',
  'coordinators',
  'logs',
  'index',
  'clickhouse',
  's3',
  'fields',
  'retain',
  'paths',
  'repository',
] as const;
const s3Keys = ['endpoint', 'region', 'profile', 'forcePathStyle'] as const;
const secretKey = /secret|password|passwd|token|credential|api_?key|access_?key|private_?key/i;
const secretAdvice =
  'S3 credentials come from the AWS provider chain (name a profile in s3.profile); coordinator tokens from ' +
  'the environment variable INGEST_TRACE_TOKEN, or from the secret storage of the editor.';

function listOf(check: Check, value: JsonObject): unknown {
  check.keys('', value, ['$schema', 'environments']);
  return value['environments'];
}

function parseEnvironment(check: Check, path: string, value: unknown): Environment | undefined {
  if (!isJsonObject(value)) return check.refuse(path, `expected an object, got ${describeValue(value)}`);
  check.keys(path, value, environmentKeys);
  const name = check.text(`${path}.name`, value['name'], 'a name, as text');
  const environment: Mutable<Environment> = {
    name: name ?? '',
    coordinators: coordinatorsOf(check, `${path}.coordinators`, value['coordinators']),
    paths: pathsOf(check, `${path}.paths`, value['paths']),
  };
  for (const key of ['logs', 'index'] as const) {
    if (value[key] === undefined) continue;
    const url = storeUrlOf(check, `${path}.${key}`, value[key]);
    if (url !== undefined) environment[key] = url;
  }
  if (value['clickhouse'] !== undefined) {
    const url = httpUrlOf(check, `${path}.clickhouse`, value['clickhouse']);
    if (url !== undefined) environment.clickhouse = url;
  }
  if (value['s3'] !== undefined) {
    const s3 = s3Of(check, `${path}.s3`, value['s3']);
    if (s3) environment.s3 = s3;
  }
  if (value['repository'] !== undefined) {
    const repository = check.text(`${path}.repository`, value['repository'], 'the URL of a repository, as text');
    if (repository !== undefined && hasUserInfo(repository)) refuseUserInfo(check, `${path}.repository`);
    else if (repository !== undefined) environment.repository = repository;
  }
  if (value['retain'] !== undefined) {
    const retain = value['retain'];
    const problem = retainProblem(retain);
    if (problem !== undefined) check.refuse(`${path}.retain`, problem);
    else if (typeof retain === 'string') environment.retain = retain;
  }
  if (value['fields'] !== undefined) {
    const refuse = (at: string, message: string): void => {
      check.refuse(at, message);
    };
    const fields = parseFields(value['fields'], `${path}.fields`, refuse);
    if (fields) environment.fields = fields;
  }
  if (['coordinators', 'logs', 'index', 'clickhouse'].every((key) => value[key] === undefined)) {
    check.refuse(path, 'names no place to ask: expected coordinators, logs or index');
  }
  return name === undefined ? undefined : environment;
}

function coordinatorsOf(check: Check, path: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    check.refuse(path, `expected an array of URLs such as "http://host:7070", got ${describeValue(value)}`);
    return [];
  }
  return value.flatMap((item, index) => httpUrlOf(check, `${path}[${index}]`, item) ?? []);
}

function pathsOf(check: Check, path: string, value: unknown): readonly PathMapping[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    check.refuse(path, `expected an array of {"from", "to"}, got ${describeValue(value)}`);
    return [];
  }
  return value.flatMap((item: unknown, index): PathMapping[] => {
    const at = `${path}[${index}]`;
    if (!isJsonObject(item)) {
      check.refuse(at, `expected an object {"from", "to"}, got ${describeValue(item)}`);
      return [];
    }
    check.keys(at, item, ['from', 'to']);
    const from = check.text(`${at}.from`, item['from'], 'a path prefix as it stands in stack traces');
    const to = check.text(`${at}.to`, item['to'], 'the path in the workspace');
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
}

function s3Of(check: Check, path: string, value: unknown): S3Options | undefined {
  if (!isJsonObject(value)) return check.refuse(path, `expected an object, got ${describeValue(value)}`);
  check.keys(path, value, s3Keys);
  const s3: Mutable<S3Options> = {};
  if (value['endpoint'] !== undefined) {
    const endpoint = httpUrlOf(check, `${path}.endpoint`, value['endpoint']);
    if (endpoint !== undefined) s3.endpoint = endpoint;
  }
  for (const [key, expected] of [
    ['region', 'a region such as "eu-central-1"'],
    ['profile', 'the name of an AWS profile'],
  ] as const) {
    if (value[key] === undefined) continue;
    const text = check.text(`${path}.${key}`, value[key], expected);
    if (text !== undefined) s3[key] = text;
  }
  const forcePathStyle = value['forcePathStyle'];
  if (typeof forcePathStyle === 'boolean') s3.forcePathStyle = forcePathStyle;
  else if (forcePathStyle !== undefined) {
    check.refuse(`${path}.forcePathStyle`, `expected true or false, got ${describeValue(forcePathStyle)}`);
  }
  return s3;
}

const storeExpected = 'file:///… or s3://bucket/prefix';

function storeUrlOf(check: Check, path: string, value: unknown): string | undefined {
  const problem = storeUrlProblem(value);
  if (problem === undefined) return String(value);
  return check.refuse(path, problem);
}

function httpUrlOf(check: Check, path: string, value: unknown): string | undefined {
  const problem = httpUrlProblem(value);
  if (problem === undefined) return String(value);
  return check.refuse(path, problem);
}

/** As S3 allows it; older buckets may have `_`. */
const bucketName = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;

/** What is wrong with the URL of an object store, or `undefined`. Never repeats a URL that holds a password. */
export function storeUrlProblem(value: unknown): string | undefined {
  const url = parseUrl(value);
  if (!url) return `expected ${storeExpected}, got ${describeValue(value)}`;
  if (url.username !== '' || url.password !== '') return userInfoProblem;
  if (url.search !== '' || url.hash !== '') return `expected ${storeExpected} without ? and #`;
  if (url.protocol === 'file:') return url.host === '' ? undefined : `expected file:/// with three slashes and a path`;
  if (url.protocol !== 's3:') return `expected ${storeExpected}, got ${describeValue(value)}`;
  if (url.host === '') return 'expected s3://bucket/prefix: the bucket is missing';
  if (bucketName.test(url.host)) return undefined;
  return `expected s3://bucket/prefix with a bucket of 3 to 63 characters a-z 0-9 . _ -, got ${describeValue(value)}`;
}

/** What is wrong with an HTTP URL, or `undefined`. Never repeats a URL that holds a password. */
export function httpUrlProblem(value: unknown): string | undefined {
  const url = parseUrl(value);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return `expected an http:// or https:// URL, got ${describeValue(value)}`;
  }
  if (url.username !== '' || url.password !== '') return userInfoProblem;
  for (const key of url.searchParams.keys()) {
    if (secretKey.test(key)) return `the URL holds a secret in its parameter ${key}. ${secretAdvice}`;
  }
  return url.hash === '' ? undefined : 'expected a URL without #';
}

/** What is wrong with how long an index keeps records, or `undefined`. */
export function retainProblem(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms !== undefined && ms >= 86_400_000
    ? undefined
    : `expected a duration of a day or more, such as "90d", got ${describeValue(value)}`;
}

/** Not `URL.parse`: Node 20 lacks it. */
function parseUrl(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
}

const userInfoProblem = `the URL holds a user name or password. Remove it. ${secretAdvice}`;

function refuseUserInfo(check: Check, path: string): void {
  check.refuse(path, userInfoProblem);
}

/** True for `https://user:password@host` and `https://token@host`; `git@host:path` and `ssh://git@host` name no secret. */
function hasUserInfo(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && (url.password !== '' || (url.protocol.startsWith('http') && url.username !== ''));
}
