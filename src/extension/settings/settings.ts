/** The extension's settings: read once per change, checked, frozen. Inner code gets values, never keys. */

import type { Environment, EnvironmentProblem } from '../../model/environment.ts';
import { parseEnvironments } from '../../model/parseEnvironments.ts';

export interface Settings {
  readonly environments: readonly Environment[];
  readonly liveRefreshSeconds: number;
  readonly searchLimit: number;
  readonly engineMemoryLimitMb: number;
  readonly engineDiskLimitMb: number;
  readonly harnessCoordinators: number;
  readonly harnessWorkers: number;
  /** What a frame opens when its file has changed since the build. */
  readonly framesOpen: FramesOpen;
  /** Folders with the source maps of bundles that lie elsewhere; relative ones are looked for in each workspace folder. */
  readonly sourceMapFolders: readonly string[];
  /** Whether source files tell what failed in them. */
  readonly failureLenses: boolean;
}

export interface ReadSettings {
  readonly settings: Settings;
  /** Values that were refused; their paths start with `ingestTrace.`. The default stands in for each. */
  readonly problems: readonly EnvironmentProblem[];
}

interface NumberSetting {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
}

/** Every number among the settings, by its key under `ingestTrace.`; package.json repeats the bounds. */
export const numberSettings = {
  'live.refreshSeconds': { minimum: 1, maximum: 3600, default: 2 },
  'search.limit': { minimum: 1, maximum: 1000, default: 100 },
  'engine.memoryLimitMb': { minimum: 128, maximum: 65_536, default: 1024 },
  'engine.diskLimitMb': { minimum: 128, maximum: 1_048_576, default: 2048 },
  'harness.coordinators': { minimum: 1, maximum: 8, default: 2 },
  'harness.workers': { minimum: 1, maximum: 32, default: 3 },
} as const satisfies Readonly<Record<string, NumberSetting>>;

/** Every choice among the settings; package.json repeats the values. The first is the default. */
export const choiceSettings = {
  'frames.open': ['deployedRevision', 'workingFile'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type FramesOpen = (typeof choiceSettings)['frames.open'][number];

/** Every switch among the settings, with its default. */
export const switchSettings = {
  'codeLens.failures': true,
} as const satisfies Readonly<Record<string, boolean>>;

/** Every list of texts among the settings; all are empty where they are not set. */
export const listSettings = ['frames.sourceMaps'] as const;

export const settingsSection = 'ingestTrace';
export const environmentsKey = 'environments';

/**
 * @param read gives the value of a key under `ingestTrace.`, `undefined` where it is not set.
 */
export function readSettings(read: (key: string) => unknown): ReadSettings {
  const problems: EnvironmentProblem[] = [];
  const refuse = (key: string, expected: string, value: unknown): void => {
    problems.push({
      path: `${settingsSection}.${key}`,
      message: `expected ${expected}, got ${JSON.stringify(value)}`,
    });
  };
  const number = (key: keyof typeof numberSettings): number => {
    const { minimum, maximum, default: fallback } = numberSettings[key];
    const value = read(key) ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    refuse(key, `a whole number from ${minimum} to ${maximum}`, value);
    return fallback;
  };
  const choice = <K extends keyof typeof choiceSettings>(key: K): (typeof choiceSettings)[K][number] => {
    const values: readonly (typeof choiceSettings)[K][number][] = choiceSettings[key];
    const value = read(key) ?? choiceSettings[key][0];
    const known = values.find((one) => one === value);
    if (known === undefined) refuse(key, `one of ${values.join(', ')}`, value);
    return known ?? choiceSettings[key][0];
  };
  const isOn = (key: keyof typeof switchSettings): boolean => {
    const value = read(key) ?? switchSettings[key];
    if (typeof value === 'boolean') return value;
    refuse(key, 'true or false', value);
    return switchSettings[key];
  };
  const list = (key: (typeof listSettings)[number]): readonly string[] => {
    const value = read(key) ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item.trim() !== '')) return value;
    refuse(key, 'a list of folders', value);
    return [];
  };
  const parsed = parseEnvironments(read(environmentsKey) ?? []);
  if (parsed.kind === 'problems') {
    problems.push(...parsed.problems.map((problem) => ({ ...problem, path: `${settingsSection}.${problem.path}` })));
  }
  const settings: Settings = Object.freeze({
    environments: parsed.kind === 'environments' ? parsed.environments : parsed.sound,
    liveRefreshSeconds: number('live.refreshSeconds'),
    searchLimit: number('search.limit'),
    engineMemoryLimitMb: number('engine.memoryLimitMb'),
    engineDiskLimitMb: number('engine.diskLimitMb'),
    harnessCoordinators: number('harness.coordinators'),
    harnessWorkers: number('harness.workers'),
    framesOpen: choice('frames.open'),
    sourceMapFolders: list('frames.sourceMaps'),
    failureLenses: isOn('codeLens.failures'),
  });
  return { settings, problems };
}
