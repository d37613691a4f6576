/** Positions in bundles as positions in the sources they were made of, by the source map beside or inside the bundle. */

import { originalPositionFor, type TraceMap } from '@jridgewell/trace-mapping';
import { normalisePath, pathComponents } from './framePath.ts';
import { percentDecoded } from './parse/javascriptFrame.ts';
import { parseSourceMap } from './parseSourceMap.ts';
import { RecentAnswers } from './recentAnswers.ts';
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
  /** There is a map, but it says nothing of the position. */
  | { readonly kind: 'unmapped'; readonly why: string }
  | { readonly kind: 'noMap'; readonly why: string };

type LoadedMap =
  | { readonly kind: 'map'; readonly map: TraceMap; readonly path: string }
  | { readonly kind: 'unmapped' | 'noMap'; readonly why: string };

/** Beyond these a bundle or map costs more memory than a click is worth. */
const maxMapBytes = 32 << 20;
const maxBundleBytes = 16 << 20;
const maxLoaded = 8;
/** Of a bundle's path, how many components its map may share below a folder of maps. */
const maxSuffix = 8;

/** Keeps the maps used last: a trace names the same bundle in many frames. */
export class SourceMaps {
  readonly #readSource: ReadSource;
  readonly #folders: readonly string[];
  readonly #readFolders: ReadSource;
  readonly #loaded = new RecentAnswers<LoadedMap>(maxLoaded);

  /**
   * @param folders absolute, with the maps of bundles that lie elsewhere: a release's, as the build kept them. The user
   *   names them, so they may lie outside of the workspace.
   * @param readFolders reads what lies there, where `readSource` reads files as they were at a commit
   */
  constructor(readSource: ReadSource, folders: readonly string[] = [], readFolders = readSource) {
    this.#readSource = readSource;
    this.#readFolders = readFolders;
    this.#folders = folders.map((folder) => normalisePath(folder).replace(/\/$/, ''));
  }

  /** The same folders of maps for files as they were at another time. */
  reading(readSource: ReadSource): SourceMaps {
    return new SourceMaps(readSource, this.#folders);
  }

  get hasFolders(): boolean {
    return this.#folders.length > 0;
  }

  /**
   * @param bundle absolute path with `/`
   * @param root folder that a map named by the bundle must not lead out of
   * @param column1 1 when only the line is known
   */
  async map(bundle: string, root: string, line1: number, column1: number): Promise<MappedPosition> {
    return positionIn(await this.#loaded.of(bundle, () => this.#read(bundle, root)), line1, column1);
  }

  /**
   * The same for a bundle that is not in the workspace, by the folders of maps: `https://host/assets/app.js` has its map
   * in `assets/app.js.map` of one of them, else in `app.js.map`.
   */
  async mapFromFolders(bundle: string, line1: number, column1: number): Promise<MappedPosition> {
    return positionIn(await this.#loaded.of(`folders:${bundle}`, () => this.#readFromFolders(bundle)), line1, column1);
  }

  async #readFromFolders(bundle: string): Promise<LoadedMap> {
    const components = pathComponents(normalisePath(bundle));
    // The longest suffix first: bundles of several applications may have one name.
    for (let from = Math.max(0, components.length - maxSuffix); from < components.length; from++) {
      for (const folder of this.#folders) {
        const map = await readMap(this.#readFolders, `${folder}/${components.slice(from).join('/')}.map`);
        if (map) return map;
      }
    }
    return { kind: 'noMap', why: `no folder of source maps has ${components.at(-1) ?? bundle}.map` };
  }

  async #read(bundle: string, root: string): Promise<LoadedMap> {
    const beside = await readMap(this.#readSource, `${bundle}.map`);
    if (beside) return beside;
    const source = await this.#readSource(bundle, maxBundleBytes);
    if (source.kind === 'missing') return { kind: 'noMap', why: `${bundle} is not there` };
    if (source.kind === 'tooLarge') return { kind: 'noMap', why: `${bundle} is larger than ${maxBundleBytes} bytes` };
    const url = mapUrlOf(source.text);
    if (url === undefined) return { kind: 'noMap', why: `${bundle} has no source map` };
    const inline = /^data:application\/json[^,]{0,80},/.exec(url);
    if (inline) {
      const data = url.slice(inline[0].length);
      return parsed(inline[0].includes(';base64') ? fromBase64(data) : percentDecoded(data), bundle);
    }
    // Only a file of the workspace: what a bundle says is no reason to read elsewhere.
    const path = normalisePath(`${bundle}/../${percentDecoded(url)}`);
    if (/^[a-z][\w+.-]+:/i.test(url) || !path.startsWith(`${root}/`)) {
      return { kind: 'unmapped', why: `${bundle} names a source map outside the workspace` };
    }
    return (
      (await readMap(this.#readSource, path)) ?? {
        kind: 'unmapped',
        why: `${bundle} names a source map that is not there`,
      }
    );
  }
}

/** @returns `undefined` when there is no such file */
async function readMap(readSource: ReadSource, path: string): Promise<LoadedMap | undefined> {
  const source = await readSource(path, maxMapBytes);
  if (source.kind === 'missing') return undefined;
  if (source.kind === 'tooLarge') return { kind: 'unmapped', why: `${path} is larger than ${maxMapBytes} bytes` };
  return parsed(source.text, path);
}

function positionIn(loaded: LoadedMap, line1: number, column1: number): MappedPosition {
  if (loaded.kind !== 'map') return loaded;
  const { source, line, column } = originalPositionFor(loaded.map, { line: line1, column: Math.max(0, column1 - 1) });
  // A map may name sources that it does not have or has no name of, and lines that no file has.
  if (typeof source !== 'string' || isNameless(loaded.map, source) || line < 1 || column < 0) {
    return { kind: 'unmapped', why: `${loaded.path} maps nothing to line ${line1}, column ${column1}` };
  }
  return { kind: 'mapped', file: pathOfUrl(source), line1: line, column1: column + 1, map: loaded.path };
}

function isNameless({ sources, resolvedSources }: TraceMap, source: string): boolean {
  return (sources[resolvedSources.indexOf(source)] ?? '') === '';
}

function parsed(text: string, path: string): LoadedMap {
  const read = parseSourceMap(text, urlOfPath(path));
  return read.kind === 'map' ? { ...read, path } : { kind: 'unmapped', why: `${path} is no source map: ${read.why}` };
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
