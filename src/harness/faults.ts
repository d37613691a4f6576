/**
 * Faults that the harness can be asked for (docs/harness.md). None is played: each brings about a state of the world in
 * which the worker's own code fails, or a process dies.
 */

import { readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, parseJson } from '../model/json.ts';
import { samples } from './samples.ts';
import { type ExpectedType, expectedTypes } from './source.ts';

export const faultKinds = [
  'damagedGzip',
  'truncatedJson',
  'typeConflict',
  'missingObject',
  'killWorker',
  'slowObject',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** The source that it gets to itself. */
  readonly account: string;
  readonly collection: string;
  readonly source: string;
  /** The sample file whose rows its object holds. */
  readonly sample: string;
  /** `typeConflict`: what the source declares of its fields. */
  readonly expect?: Readonly<Record<string, ExpectedType>>;
  /** `killWorker`, `slowObject`: how long the object takes to read. */
  readonly seconds?: number;
}

export const demoFaults: readonly Fault[] = [
  { kind: 'damagedGzip', account: 'acme', collection: 'films', source: 'archive', sample: 'movies.json' },
  { kind: 'truncatedJson', account: 'globex', collection: 'wildlife', source: 'field-notes', sample: 'penguins.json' },
  {
    kind: 'typeConflict',
    account: 'acme',
    collection: 'films',
    source: 'imports',
    sample: 'movies.json',
    expect: { Title: 'string', 'IMDB Rating': 'number' },
  },
  { kind: 'missingObject', account: 'umbrella', collection: 'weather', source: 'buoys', sample: 'seattle-weather.csv' },
  {
    kind: 'killWorker',
    account: 'initech',
    collection: 'market',
    source: 'ticks',
    sample: 'stocks.csv',
    seconds: 4,
  },
  {
    kind: 'slowObject',
    account: 'globex',
    collection: 'flights',
    source: 'satellite',
    sample: 'flights-2k.json',
    seconds: 12,
  },
];

/** The file of faults is wrong; the message names every problem with its path. */
export class FaultsError extends Error {
  override readonly name = 'FaultsError';
}

/** @throws FaultsError */
export async function loadFaults(faults: string): Promise<readonly Fault[]> {
  if (faults === 'none') return [];
  if (faults === 'demo') return demoFaults;
  const text = await readFile(faults, 'utf8').catch((error: unknown) => {
    throw new FaultsError(`${faults} cannot be read`, { cause: error });
  });
  const parsed = parseFaults(parseJson(text));
  if (parsed.kind === 'problems') throw new FaultsError(`${faults}: ${parsed.problems.join('; ')}`);
  return parsed.faults;
}

export type ParsedFaults =
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const knownFields = ['kind', 'account', 'collection', 'source', 'sample', 'expect', 'seconds'];

export function parseFaults(value: unknown): ParsedFaults {
  if (!Array.isArray(value)) return { kind: 'problems', problems: ['not a JSON array of faults'] };
  const problems = value.flatMap((fault: unknown, index) => problemsOf(fault, `[${index}]`));
  const sources = value.map((fault: unknown) => (isJsonObject(fault) ? sourcePath(fault) : ''));
  for (const [index, source] of sources.entries()) {
    if (sources.indexOf(source) !== index) problems.push(`[${index}]: ${source} has a fault already`);
  }
  // Every field has been checked.
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'faults', faults: value as Fault[] };
}

function problemsOf(fault: unknown, path: string): string[] {
  if (!isJsonObject(fault)) return [`${path} is not an object`];
  const problems: string[] = [];
  for (const name of Object.keys(fault)) if (!knownFields.includes(name)) problems.push(`${path}.${name} is not known`);
  const { kind, sample, seconds, expect } = fault;
  if (!(faultKinds as readonly unknown[]).includes(kind)) {
    problems.push(`${path}.kind must be one of ${faultKinds.join(', ')}`);
  }
  for (const name of ['account', 'collection', 'source']) {
    const text = fault[name];
    if (typeof text !== 'string' || !/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(text)) {
      problems.push(`${path}.${name} must be a name of letters, digits, '.', '_' and '-'`);
    }
  }
  if (!samples.some(({ file }) => file === sample)) problems.push(`${path}.sample must be the file of a sample`);
  if (seconds !== undefined && !(typeof seconds === 'number' && seconds > 0 && seconds <= 3_600)) {
    problems.push(`${path}.seconds must be a number above 0, at most 3600`);
  }
  const expectsKnown =
    isJsonObject(expect) && Object.values(expect).every((type) => (expectedTypes as readonly unknown[]).includes(type));
  if (kind === 'typeConflict' ? !expectsKnown : expect !== undefined && !expectsKnown) {
    problems.push(`${path}.expect must name types of fields: ${expectedTypes.join(', ')}`);
  }
  return problems;
}

function sourcePath(fault: JsonObject): string {
  return JSON.stringify([fault['account'], fault['collection'], fault['source']]);
}
