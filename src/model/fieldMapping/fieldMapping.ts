/**
 * A field mapping (docs/field-mapping.md): reads records of other log formats, whose fields have other names, as task log
 * records. It is lossless: each value becomes a canonical field, or stays where it was in `rest`; one that the canonical
 * field cannot hold whole (nanoseconds, a level of one's own) does both.
 */

import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { type LogRecord, type ParsedRecord, parseRecord, parseTimestamp } from '../record.ts';
import { plainRecord } from './openTelemetry.ts';
import { type MappingEntry, type PresetName, presets } from './presets.ts';
import { fieldOf, type Target, targets } from './targets.ts';
import { isLevel, level as levelRule } from './typeRules.ts';

/** As an environment says it; `map` counts before the preset. */
export type Fields = PresetName | { readonly preset?: PresetName; readonly map?: Readonly<Record<string, Target>> };

/** Where a path may lead on: keys are matched with and without dots in them, as queries do. */
interface Step {
  readonly next: Map<string, Step>;
  entry?: Entry;
}

interface Entry {
  readonly path: string;
  readonly target: Target;
  readonly field: string;
  /** The lower counts first. */
  readonly rank: number;
}

/** A value that some entry's path leads to, and where it stands. */
interface Candidate {
  readonly entry: Entry;
  readonly holder: JsonObject;
  readonly key: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class FieldMapping {
  /** What it was made from, in one way of writing it: equal mappings have equal JSON. */
  readonly fields: Exclude<Fields, string>;
  /** Whether one line may hold many records, as OpenTelemetry's exports do. */
  readonly hasExports: boolean;
  readonly #root: Step = { next: new Map() };
  /** Canonical names that the map gives another meaning. */
  readonly #renamed: readonly string[];
  readonly #timePaths: readonly string[];

  constructor(fields: Fields) {
    const { preset, map = {} } = typeof fields === 'string' ? { preset: fields } : fields;
    this.fields = { ...(preset ? { preset } : {}), ...(Object.keys(map).length > 0 ? { map } : {}) };
    this.hasExports = preset === 'opentelemetry';
    const own: readonly MappingEntry[] = Object.entries(map);
    const entries = [...own, ...(preset ? presets[preset] : [])];
    for (const [rank, [path, target]] of entries.entries()) this.#add({ path, target, field: fieldOf(target), rank });
    this.#renamed = own.flatMap(([path, target]) => (path !== target && canonicalNames.has(path) ? [path] : []));
    this.#timePaths = entries.flatMap(([path, target]) => (fieldOf(target) === 'ts' ? [path] : []));
  }

  /**
   * Like `parseRecord`, whose canonical names hold beside the mapped ones and before them.
   * @param value as JSON.parse gives it: no object stands in two places.
   */
  parse(value: unknown): ParsedRecord {
    if (!isJsonObject(value)) return { kind: 'rejected', reason: 'not a JSON object' };
    const source = this.hasExports ? plainRecord(value) : value;
    const { parsed, taken } = this.#canonical(source);
    if (parsed.kind === 'rejected') return parsed;
    const record: Mutable<LogRecord> = { ...parsed.record };
    const rest = record.rest ?? {};
    const candidates: Candidate[] = [];
    collect(rest, this.#root, candidates);
    candidates.sort((a, b) => a.entry.rank - b.entry.rank);
    const moved = new Map<JsonObject, Set<string>>();
    for (const { entry, holder, key } of candidates) {
      if (taken.has(entry.field)) continue;
      const fitted = targets[entry.target](holder[key] ?? null);
      if (!fitted) continue;
      taken.add(entry.field);
      assign(record, entry.field, fitted.value);
      if (!fitted.isExact) continue;
      const keys = moved.get(holder);
      if (keys) keys.add(key);
      else moved.set(holder, new Set([key]));
    }
    if (!taken.has('ts')) return { kind: 'rejected', reason: this.#noTime(source, candidates) };
    const left = moved.size > 0 ? without(rest, this.#root, moved) : rest;
    const said = normalizeLevel(record);
    const kept = said === undefined ? left : { ...left, level: said };
    if (Object.keys(kept).length > 0) record.rest = kept;
    else delete record.rest;
    return { kind: 'record', record };
  }

  #add(entry: Entry): void {
    let step = this.#root;
    for (const key of entry.path.split('.')) {
      const next: Step = step.next.get(key) ?? { next: new Map() };
      step.next.set(key, next);
      step = next;
    }
    step.entry ??= entry;
  }

  /** What the canonical names say, and which fields they give. All else, a `ts` that is no time too, is in `rest`. */
  #canonical(source: JsonObject): { readonly parsed: ParsedRecord; readonly taken: Set<string> } {
    const aside = this.#renamed.filter((name) => Object.hasOwn(source, name));
    const hasTime = !aside.includes('ts') && parseTimestamp(source['ts']) !== undefined;
    if (!hasTime && source['ts'] !== undefined && !aside.includes('ts')) aside.push('ts');
    const named = aside.length > 0 ? withoutKeys(source, aside) : source;
    const parsed = parseRecord(hasTime ? named : { ...named, ts: 0 });
    const taken = new Set<string>(hasTime ? ['ts'] : []);
    if (parsed.kind === 'rejected') return { parsed, taken };
    const { tsMs: _time, event: _event, error, build, rest, ...others } = parsed.record;
    for (const field of Object.keys(others)) taken.add(field);
    if (typeof named['event'] === 'string') taken.add('event');
    for (const name of Object.keys(error ?? {})) taken.add(`error.${name}`);
    for (const name of Object.keys(build ?? {})) taken.add(`build.${name}`);
    if (aside.length === 0) return { parsed, taken };
    const kept: Record<string, Json> = { ...rest };
    for (const name of aside) if (source[name] !== null) kept[name] = source[name] ?? null;
    return { parsed: { kind: 'record', record: { ...parsed.record, rest: kept } }, taken };
  }

  #noTime(source: JsonObject, candidates: readonly Candidate[]): string {
    const wrong = candidates.find(({ entry }) => entry.field === 'ts');
    if (wrong) return notATime(wrong.entry.path, wrong.holder[wrong.key]);
    if (source['ts'] !== undefined) return notATime('ts', source['ts']);
    return this.#timePaths.length === 0 ? 'no ts' : `no ts, and no ${this.#timePaths.join(' or ')}`;
  }
}

/** Those that can be given another meaning by mapping them; `error` and `build` are objects, and fit no field. */
const canonicalNames: ReadonlySet<string> = new Set(Object.keys(targets).filter((name) => !/[.:]/.test(name)));

function notATime(path: string, value: Json | undefined): string {
  return `${path} is not a time: ${(JSON.stringify(value) ?? 'nothing').slice(0, 80)}`;
}

function stepTo(step: Step, key: string): Step | undefined {
  const direct = step.next.get(key);
  if (direct || !key.includes('.')) return direct;
  // Part by part, and no further than some path leads: a hostile key may be nothing but dots.
  let at: Step | undefined = step;
  let start = 0;
  for (let dot = key.indexOf('.'); at && dot >= 0; dot = key.indexOf('.', start)) {
    at = at.next.get(key.slice(start, dot));
    start = dot + 1;
  }
  return at?.next.get(key.slice(start));
}

/** Goes only where some path leads: the cost is one look-up for any other key. */
function collect(holder: JsonObject, step: Step, into: Candidate[]): void {
  for (const key of Object.keys(holder)) {
    const next = stepTo(step, key);
    if (!next) continue;
    const value = holder[key];
    if (next.entry && value !== null) into.push({ entry: next.entry, holder, key });
    if (next.next.size > 0 && isJsonObject(value)) collect(value, next, into);
  }
}

function assign(record: Mutable<LogRecord>, field: string, value: string | number): void {
  const [name = '', nested] = field.split('.');
  if (nested !== undefined) {
    const key = name === 'error' ? 'error' : 'build';
    record[key] = { ...record[key], [nested]: value };
  } else {
    // The target's rule has given the value the type of its field.
    Object.assign(record, { [field === 'ts' ? 'tsMs' : name]: value });
  }
}

/** A copy without what has moved, and without objects that held nothing else; `holder` itself where nothing has. */
function without(holder: JsonObject, step: Step, moved: ReadonlyMap<JsonObject, ReadonlySet<string>>): JsonObject {
  const gone = moved.get(holder);
  let isSame = gone === undefined;
  const kept: [string, Json][] = [];
  for (const [key, value] of Object.entries(holder)) {
    if (gone?.has(key)) continue;
    const next = isJsonObject(value) ? stepTo(step, key) : undefined;
    if (!isJsonObject(value) || !next) {
      kept.push([key, value]);
      continue;
    }
    const left = without(value, next, moved);
    if (left !== value) isSame = false;
    if (left === value || Object.keys(left).length > 0) kept.push([key, left]);
  }
  return isSame ? holder : Object.fromEntries(kept);
}

function withoutKeys(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** One of the six words where it means one; returns what it said before, where that says more. */
function normalizeLevel(record: Mutable<LogRecord>): string | undefined {
  const said = record.level;
  if (said === undefined || isLevel(said)) return undefined;
  const fitted = levelRule(said);
  if (typeof fitted?.value !== 'string') return undefined;
  record.level = fitted.value;
  return fitted.isExact ? undefined : said;
}
