/** A source: the folder of an object store that feeds one account's collection, and how it is named and read. */

import { isJsonObject, type Json } from '../model/json.ts';
import type { ObjectStore } from '../store/objectStore.ts';

const sourceFormats = ['csv', 'tsv', 'json', 'ndjson'] as const;
export type SourceFormat = (typeof sourceFormats)[number];

export const expectedTypes = ['boolean', 'number', 'string', 'object', 'array'] as const;
export type ExpectedType = (typeof expectedTypes)[number];

export interface Source {
  readonly account: string;
  readonly collection: string;
  readonly source: string;
  /** A folder: `file:///…` or `s3://bucket/prefix`. Every object below it is one task. */
  readonly url: string;
  /** Absent: by the name of each object. */
  readonly format?: SourceFormat;
  /** The type that a field must have in every document that has it; a violation fails the task. */
  readonly expect?: Readonly<Record<string, ExpectedType>>;
  /** Upper limit for reading one object, so that a feed does not starve its origin. */
  readonly readBytesPerSecond?: number;
  /** An object is read when it was first listed this long ago: its writer may still be replacing it. */
  readonly settleMs?: number;
}

export type ParsedSources =
  | { readonly kind: 'sources'; readonly sources: readonly Source[] }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const knownFields = [
  'account',
  'collection',
  'source',
  'url',
  'format',
  'expect',
  'readBytesPerSecond',
  'settleMs',
] as const;

/** Reads a list of sources, as in `--sources FILE`. Every problem names the path of the bad value. */
export function parseSources(value: unknown): ParsedSources {
  if (!Array.isArray(value)) return { kind: 'problems', problems: ['the list of sources is not a JSON array'] };
  const problems: string[] = [];
  const sources: Source[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const path = `[${index}]`;
    const parsed = parseSource(entry, path, problems);
    if (!parsed) continue;
    const id = sourceId(parsed);
    if (seen.has(id)) problems.push(`${path}: ${parsed.account}/${parsed.collection}/${parsed.source} is listed twice`);
    seen.add(id);
    sources.push(parsed);
  }
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'sources', sources };
}

function parseSource(entry: unknown, path: string, problems: string[]): Source | undefined {
  if (!isJsonObject(entry)) {
    problems.push(`${path} is not an object`);
    return undefined;
  }
  const before = problems.length;
  for (const name of Object.keys(entry)) {
    if (!(knownFields as readonly string[]).includes(name)) problems.push(`${path}.${name} is not known`);
  }
  for (const name of ['account', 'collection', 'source'] as const) {
    if (!isSourceName(entry[name])) {
      problems.push(`${path}.${name} must be a name: not empty, without '/', control characters, '.' or '..' alone`);
    }
  }
  const url = entry['url'];
  if (typeof url !== 'string' || !/^(?:file:\/\/\/|s3:\/\/[^/])/.test(url)) {
    problems.push(`${path}.url must start with file:/// or s3://`);
  }
  const format = entry['format'];
  if (format !== undefined && !(sourceFormats as readonly unknown[]).includes(format)) {
    problems.push(`${path}.format must be one of ${sourceFormats.join(', ')}`);
  }
  for (const name of ['readBytesPerSecond', 'settleMs'] as const) {
    const number = entry[name];
    if (number !== undefined && !(Number.isSafeInteger(number) && Number(number) > 0)) {
      problems.push(`${path}.${name} must be a whole number above 0`);
    }
  }
  problems.push(...expectProblems(entry['expect'], `${path}.expect`));
  // Every field has been checked above.
  return problems.length > before ? undefined : (entry as unknown as Source);
}

function expectProblems(expect: Json | undefined, path: string): string[] {
  if (expect === undefined) return [];
  if (!isJsonObject(expect)) return [`${path} is not an object`];
  return Object.entries(expect)
    .filter(([, type]) => !(expectedTypes as readonly unknown[]).includes(type))
    .map(([field]) => `${path}.${field} must be one of ${expectedTypes.join(', ')}`);
}

function isSourceName(value: unknown): value is string {
  return typeof value === 'string' && value !== '.' && value !== '..' && /^[^/\p{Cc}]{1,200}$/u.test(value);
}

/** Unique among all sources, and safe as the name of an object: `acme.films.catalog`. */
export function sourceId(source: Pick<Source, 'account' | 'collection' | 'source'>): string {
  return [source.account, source.collection, source.source].map(escapePart).join('.');
}

function escapePart(part: string): string {
  return encodeURIComponent(part).replace(/[.!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The default sources: every `landing/<account>/<collection>/<source>/` of the store. */
export async function discoverSources(store: ObjectStore, signal?: AbortSignal): Promise<Source[]> {
  const sources: Source[] = [];
  for (const accountFolder of await store.listFolders('landing/', signal)) {
    for (const collectionFolder of await store.listFolders(accountFolder, signal)) {
      for (const folder of await store.listFolders(collectionFolder, signal)) {
        const [, account, collection, source] = folder.split('/');
        if (!account || !collection || !source) continue;
        sources.push({ account, collection, source, url: landingUrl(store.url, { account, collection, source }) });
      }
    }
  }
  return sources;
}

/** Where a default source of the store at `storeUrl` has its objects. */
export function landingUrl(storeUrl: string, source: Pick<Source, 'account' | 'collection' | 'source'>): string {
  return childUrl(storeUrl, `landing/${source.account}/${source.collection}/${source.source}`);
}

/** The URL of a folder of a store: percent-encoded in `file:` URLs, as it is in `s3:` ones. */
export function childUrl(storeUrl: string, folder: string): string {
  const encoded = storeUrl.startsWith('file:') ? folder.split('/').map(encodeURIComponent).join('/') : folder;
  return `${storeUrl.replace(/\/+$/, '')}/${encoded}`;
}

/**
 * The name by which records, documents and rejects know an object: its key in the harness's own store where it lies
 * there, otherwise its URL.
 */
export function objectName(storeUrl: string, source: Source, key: string): string {
  const root = `${storeUrl.replace(/\/+$/, '')}/`;
  const folder = source.url.replace(/\/+$/, '');
  if (!folder.startsWith(root)) return `${folder}/${key}`;
  const path = folder.slice(root.length);
  return `${storeUrl.startsWith('file:') ? decodeURIComponent(path) : path}/${key}`;
}
