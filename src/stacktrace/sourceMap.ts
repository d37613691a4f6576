/** Positions in bundles as positions in the sources they were made of, by the source map beside or inside the bundle. */

import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { normalisePath } from './framePath.ts';
import { percentDecoded } from './parse/javascriptFrame.ts';
import type { ReadSource } from './readSource.ts';

export type MappedPosition =
  | {
      readonly kind: 'mapped';
      /** Absolute, or a URL such as `webpack://app/./src/a.ts` where the map names one. */
      readonly file: string;
      readonly line1: number;
      readonly column1: number;
      /** The map's own path, or the bundle's when it is inside. */
      readonly map: string;
    }
  | { readonly kind: 'unmapped'; readonly why: string };

type LoadedMap =
  | { readonly kind: 'map'; readonly map: TraceMap; readonly path: string }
  | { readonly kind: 'none'; readonly why: string };

/** Beyond these a bundle or map costs more memory than a click is worth. */
const maxMapBytes = 32 << 20;
const maxBundleBytes = 16 << 20;
const maxLoaded = 8;

/** Keeps the maps used last: a trace names the same bundle in many frames. */
export class SourceMaps {
  readonly #readSource: ReadSource;
  readonly #loaded = new Map<string, Promise<LoadedMap>>();

  constructor(readSource: ReadSource) {
    this.#readSource = readSource;
  }

  /**
   * @param bundle absolute path with `/`
   * @param root folder that a map named by the bundle must not lead out of
   * @param column1 1 when only the line is known
   */
  async map(bundle: string, root: string, line1: number, column1: number): Promise<MappedPosition> {
    const loaded = await this.#load(bundle, root);
    if (loaded.kind === 'none') return { kind: 'unmapped', why: loaded.why };
    const original = originalPositionFor(loaded.map, { line: line1, column: Math.max(0, column1 - 1) });
    if (original.source === null) {
      return { kind: 'unmapped', why: `${loaded.path} maps nothing to line ${line1}, column ${column1}` };
    }
    return {
      kind: 'mapped',
      file: pathOfUrl(original.source),
      line1: original.line,
      column1: original.column + 1,
      map: loaded.path,
    };
  }

  #load(bundle: string, root: string): Promise<LoadedMap> {
    const known = this.#loaded.get(bundle);
    this.#loaded.delete(bundle);
    const loaded = known ?? this.#read(bundle, root);
    this.#loaded.set(bundle, loaded);
    const oldest = this.#loaded.keys().next();
    if (this.#loaded.size > maxLoaded && !oldest.done) this.#loaded.delete(oldest.value);
    return loaded;
  }

  async #read(bundle: string, root: string): Promise<LoadedMap> {
    const beside = await this.#parse(`${bundle}.map`);
    if (beside) return beside;
    const source = await this.#readSource(bundle, maxBundleBytes);
    if (source.kind === 'missing') return { kind: 'none', why: `${bundle} is not there` };
    if (source.kind === 'tooLarge') return { kind: 'none', why: `${bundle} is larger than ${maxBundleBytes} bytes` };
    const url = mapUrlOf(source.text);
    if (url === undefined) return { kind: 'none', why: `${bundle} has no source map` };
    const inline = /^data:application\/json[^,]{0,80},/.exec(url);
    if (inline) {
      const data = url.slice(inline[0].length);
      return parsed(inline[0].includes(';base64') ? fromBase64(data) : percentDecoded(data), bundle);
    }
    // Only a file of the workspace: what a bundle says is no reason to read elsewhere.
    const path = normalisePath(`${bundle}/../${percentDecoded(url)}`);
    if (/^[a-z][\w+.-]+:/i.test(url) || !path.startsWith(`${root}/`)) {
      return { kind: 'none', why: `${bundle} names a source map outside the workspace` };
    }
    return (await this.#parse(path)) ?? { kind: 'none', why: `${bundle} names a source map that is not there` };
  }

  async #parse(path: string): Promise<LoadedMap | undefined> {
    const source = await this.#readSource(path, maxMapBytes);
    if (source.kind === 'missing') return undefined;
    if (source.kind === 'tooLarge') return { kind: 'none', why: `${path} is larger than ${maxMapBytes} bytes` };
    return parsed(source.text, path);
  }
}

function parsed(text: string, path: string): LoadedMap {
  try {
    return { kind: 'map', map: new TraceMap(text, urlOfPath(path)), path };
  } catch (error) {
    // Cut, or no source map at all: whatever it is, it says nothing about the frame.
    return { kind: 'none', why: `${path} is no source map: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The last `sourceMappingURL` comment: earlier ones came in with what was bundled. */
function mapUrlOf(text: string): string | undefined {
  const mark = 'sourceMappingURL=';
  const at = text.lastIndexOf(mark);
  if (at === -1) return undefined;
  return /^[^\s'"`]+/.exec(text.slice(at + mark.length))?.[0];
}

function fromBase64(data: string): string {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

function urlOfPath(path: string): string {
  return `file://${path.startsWith('/') ? '' : '/'}${path.split('/').map(encodeURIComponent).join('/')}`;
}

function pathOfUrl(url: string): string {
  if (!url.startsWith('file://')) return url;
  const path = percentDecoded(url.slice('file://'.length));
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}
