/** Positions in bundles as positions in the sources they were made of, by the source map beside or inside the bundle. */

import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { normalisePath, pathComponents } from './framePath.ts';
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
/** Of a bundle's path, how many components its map may share below a folder of maps. */
const maxSuffix = 8;

/** Keeps the maps used last: a trace names the same bundle in many frames. */
export class SourceMaps {
  readonly #readSource: ReadSource;
  readonly #folders: readonly string[];
  readonly #readFolders: ReadSource;
  readonly #loaded = new Map<string, Promise<LoadedMap>>();

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
    return positionIn(await this.#load(bundle, () => this.#read(bundle, root)), line1, column1);
  }

  /**
   * The same for a bundle that is not in the workspace, by the folders of maps: `https://host/assets/app.js` has its map
   * in `assets/app.js.map` of one of them, else in `app.js.map`.
   */
  async mapFromFolders(bundle: string, line1: number, column1: number): Promise<MappedPosition> {
    return positionIn(await this.#load(`folders:${bundle}`, () => this.#readFromFolders(bundle)), line1, column1);
  }

  #load(key: string, read: () => Promise<LoadedMap>): Promise<LoadedMap> {
    const known = this.#loaded.get(key);
    this.#loaded.delete(key);
    const loaded = known ?? read();
    this.#loaded.set(key, loaded);
    const oldest = this.#loaded.keys().next();
    if (this.#loaded.size > maxLoaded && !oldest.done) this.#loaded.delete(oldest.value);
    return loaded;
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
    return { kind: 'none', why: `no folder of source maps has ${components.at(-1) ?? bundle}.map` };
  }

  async #read(bundle: string, root: string): Promise<LoadedMap> {
    const beside = await readMap(this.#readSource, `${bundle}.map`);
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
    return (
      (await readMap(this.#readSource, path)) ?? { kind: 'none', why: `${bundle} names a source map that is not there` }
    );
  }
}

/** @returns `undefined` when there is no such file */
async function readMap(readSource: ReadSource, path: string): Promise<LoadedMap | undefined> {
  const source = await readSource(path, maxMapBytes);
  if (source.kind === 'missing') return undefined;
  if (source.kind === 'tooLarge') return { kind: 'none', why: `${path} is larger than ${maxMapBytes} bytes` };
  return parsed(source.text, path);
}

function positionIn(loaded: LoadedMap, line1: number, column1: number): MappedPosition {
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
