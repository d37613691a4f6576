/** Finds an environment by its name: in the nearest `ingest-trace.json`, then in the one of the user's config folder. */

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Environment } from '../model/environment.ts';
import { parseEnvironments } from '../model/parseEnvironments.ts';
import { WrongUse } from './wrongUse.ts';

const environmentsFile = 'ingest-trace.json';

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Words for people, on the side. */
  readonly tell?: (message: string) => void;
}

interface EnvironmentsFile {
  readonly path: string;
  readonly environments: readonly Environment[];
  /** What of the file is not valid; its other environments can be asked by name. */
  readonly refusal?: string;
}

/**
 * @param name without one, the only environment of the first file that exists is meant.
 * @throws WrongUse when there is no such environment, saying where was looked; or when a file is not valid, unless the
 * environment is named and has no part in that.
 */
export async function findEnvironment(name: string | undefined, surroundings: Surroundings): Promise<Environment> {
  const files = await readFiles(surroundings);
  if (name === undefined) {
    const [file] = files;
    if (!file) throw new WrongUse(`${whereToAsk} No ${environmentsFile} was found.`);
    if (file.refusal !== undefined) throw new WrongUse(file.refusal);
    const [only, ...others] = file.environments;
    if (only && others.length === 0) return only;
    throw new WrongUse(`${whereToAsk} ${known(file)}`);
  }
  for (const file of files) {
    const found = file.environments.find((environment) => environment.name === name);
    if (file.refusal !== undefined && found) surroundings.tell?.(file.refusal);
    if (found) return found;
    if (file.refusal !== undefined) throw new WrongUse(file.refusal);
  }
  const reason =
    files.length === 0
      ? `No ${environmentsFile} was found in ${surroundings.cwd}, the folders above it, or ${configFolder(surroundings.env)}.`
      : files.map(known).join(' ');
  throw new WrongUse(`There is no environment ${JSON.stringify(name)}. ${reason}`);
}

const whereToAsk = 'Say where to ask: --env NAME, or --coordinator, --index or --logs with a URL.';

function known({ path, environments }: EnvironmentsFile): string {
  const names = environments.map((environment) => environment.name);
  return `${path} has ${names.length === 0 ? 'no environment' : names.join(', ')}.`;
}

async function readFiles({ cwd, env }: Surroundings): Promise<EnvironmentsFile[]> {
  const files: EnvironmentsFile[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = await readEnvironments(join(folder, environmentsFile));
    if (file) files.push(file);
    if (file || folder === dirname(folder)) break;
  }
  const ofUser = join(configFolder(env), environmentsFile);
  if (files.every((file) => file.path !== ofUser)) {
    const file = await readEnvironments(ofUser);
    if (file) files.push(file);
  }
  return files;
}

async function readEnvironments(path: string): Promise<EnvironmentsFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
    throw new WrongUse(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // JSON.parse's message quotes the text around the mistake, which may be a secret that does not belong there.
    throw new WrongUse(`${path} is not valid JSON.${positionOf(error)}`);
  }
  const parsed = parseEnvironments(value);
  if (parsed.kind === 'environments') return { path, environments: parsed.environments };
  const lines = parsed.problems.map((problem) => `  ${problem.path}: ${problem.message}`);
  return { path, environments: parsed.sound, refusal: [`${path} is not valid:`, ...lines].join('\n') };
}

function positionOf(error: unknown): string {
  const match = error instanceof Error ? /\(line (\d+) column (\d+)\)/.exec(error.message) : null;
  return match ? ` See line ${match[1]}, column ${match[2]}.` : '';
}

/** The user's config folder of this product, as each platform has it. */
export function configFolder(env: Surroundings['env'], platform: NodeJS.Platform = process.platform): string {
  return join(baseFolder(env, platform, 'config'), 'ingest-trace');
}

/** Where indexes fetched from S3 and spilled data are kept between calls. */
export function cacheFolder(env: Surroundings['env'], platform: NodeJS.Platform = process.platform): string {
  return join(baseFolder(env, platform, 'cache'), 'ingest-trace');
}

function baseFolder(env: Surroundings['env'], platform: NodeJS.Platform, kind: 'config' | 'cache'): string {
  // Relative values are invalid by the XDG specification, and would depend on where the command is run.
  const named = env[kind === 'config' ? 'XDG_CONFIG_HOME' : 'XDG_CACHE_HOME'];
  if (named !== undefined && isAbsolute(named)) return named;
  const home = env['HOME'] ?? homedir();
  if (platform === 'darwin') return join(home, 'Library', kind === 'config' ? 'Application Support' : 'Caches');
  if (platform === 'win32') {
    return (
      env[kind === 'config' ? 'APPDATA' : 'LOCALAPPDATA'] ??
      join(homedir(), 'AppData', kind === 'config' ? 'Roaming' : 'Local')
    );
  }
  return join(home, kind === 'config' ? '.config' : '.cache');
}
