/** The sources that come with the extension: what frames of the local harness lead to where no folder of the window has them. */

import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Frame, Resolution } from '../../stacktrace/trace.ts';
import { isInside } from './insideFolder.ts';

type Found = Resolution & { readonly kind: 'file' };

export class OwnSources {
  readonly #folder: string;
  readonly #found = new WeakSet<Resolution>();

  /** @param extension the folder where the extension is installed. */
  constructor(extension: string) {
    this.#folder = join(extension, 'src');
  }

  /** Whether it was found here: a file that is safe to be shown, and the same as when it ran. */
  has(resolution: Resolution): boolean {
    return this.#found.has(resolution);
  }

  /** By the path itself, and no other way: these must not be taken for files of the user's. Never rejects. */
  async find({ file, line1, column1 }: Frame): Promise<Found | undefined> {
    if (file === undefined || line1 === undefined || !isAbsolute(file) || !isInside(this.#folder, file))
      return undefined;
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (!isThere) return undefined;
    const why = 'a source of the local harness, as it came with the extension';
    const found: Found = {
      kind: 'file',
      path: file,
      line1,
      ...(column1 !== undefined && { column1 }),
      confidence: 1,
      why,
    };
    this.#found.add(found);
    return found;
  }
}
