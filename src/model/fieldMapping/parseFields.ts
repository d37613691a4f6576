/** Validates the `fields` of an environment, or a file of them: what is wrong is refused with its path, never ignored. */

import { describeValue, hasControlCharacter } from '../describeValue.ts';
import { isJsonObject } from '../json.ts';
import type { Fields } from './fieldMapping.ts';
import { isPresetName, presetNames } from './presets.ts';
import { isTarget, type Target, targets } from './targets.ts';

/**
 * @param path where the value stands, for problems; empty for a value of its own.
 * @param refuse called for each problem.
 * @returns `undefined` when there was one.
 */
export function parseFields(
  value: unknown,
  path: string,
  refuse: (path: string, message: string) => void,
): Fields | undefined {
  if (isPresetName(value)) return value;
  if (!isJsonObject(value)) {
    refuse(path, `expected ${presetList} or an object {"preset", "map"}, got ${describeValue(value)}`);
    return undefined;
  }
  let isSound = true;
  const refused = (at: string, message: string): void => {
    isSound = false;
    refuse(at, message);
  };
  const within = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const { preset, map, ...others } = value;
  for (const key of Object.keys(others)) refused(within(key), 'unknown key; known keys are preset, map');
  if (preset !== undefined && !isPresetName(preset)) {
    refused(within('preset'), `expected ${presetList}, got ${describeValue(preset)}`);
  }
  if (preset === undefined && map === undefined) refused(path, 'says nothing: expected preset, map or both');
  const entries = map === undefined ? undefined : parseMap(map, within('map'), refused);
  if (!isSound) return undefined;
  return { ...(isPresetName(preset) ? { preset } : {}), ...(entries ? { map: entries } : {}) };
}

/** For people: `ecs, opentelemetry …`. */
export const presetList: string = list(presetNames);

function parseMap(
  map: unknown,
  path: string,
  refuse: (path: string, message: string) => void,
): Readonly<Record<string, Target>> | undefined {
  if (!isJsonObject(map)) {
    refuse(path, `expected an object {"path.in.record": "canonical field"}, got ${describeValue(map)}`);
    return undefined;
  }
  const entries: [string, Target][] = [];
  for (const [source, target] of Object.entries(map)) {
    const at = `${path}[${JSON.stringify(source.slice(0, 80))}]`;
    const problem = pathProblem(source);
    if (problem !== undefined) refuse(at, problem);
    if (typeof target === 'string' && isTarget(target)) entries.push([source, target]);
    else refuse(at, `expected a canonical field (${list(Object.keys(targets))}), got ${describeValue(target)}`);
  }
  return Object.fromEntries(entries);
}

function pathProblem(path: string): string | undefined {
  if (hasControlCharacter(path)) return 'a path holds no control characters';
  if (path.split('.').includes('')) return 'expected keys joined by single dots, such as "log.level"';
  return undefined;
}

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}
