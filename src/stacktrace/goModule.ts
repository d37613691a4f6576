/** The import path of a Go package in the workspace: the module of the nearest `go.mod`, and the folders below it. */

import type { Declaration } from './declaredModule.ts';
import type { ReadSource } from './readSource.ts';
import type { Frame } from './trace.ts';
import type { WorkspaceFiles } from './workspaceFiles.ts';

const maxGoModBytes = 1 << 20;

/** Holds the import path of a candidate's folder against the frame's package, or its trimmed path where that is `main`. */
export async function goPackageOf(
  frame: Frame,
  files: WorkspaceFiles,
  path: string,
  readSource: ReadSource,
): Promise<Declaration> {
  const wanted = importPathOf(frame);
  const own = wanted === undefined ? undefined : await importPathAt(files, path, readSource);
  if (own === undefined) return 'unknown';
  return own === wanted ? 'same' : 'other';
}

function importPathOf({ module, file = '' }: Frame): string | undefined {
  // Tests of a package may stand in one of their own beside it.
  if (module !== undefined && module !== 'main') return module.replace(/_test$/, '');
  // `-trimpath`: `acme.com/ingest/cmd/load/main.go`.
  const slash = file.lastIndexOf('/');
  return /^[\w-]+\.[\w.-]+\//.test(file) && slash !== -1 ? file.slice(0, slash) : undefined;
}

async function importPathAt(files: WorkspaceFiles, path: string, readSource: ReadSource): Promise<string | undefined> {
  const folders = path.split('/').slice(0, -1);
  for (let depth = folders.length; depth >= 0; depth--) {
    const folder = folders.slice(0, depth).join('/');
    const goMod = files.find(folder === '' ? 'go.mod' : `${folder}/go.mod`);
    if (goMod === undefined) continue;
    const source = await readSource(files.absolute(goMod), maxGoModBytes);
    const [, module] = source.kind === 'text' ? (/^module[ \t]+"?([^\s"]+)/m.exec(source.text) ?? []) : [];
    return module === undefined ? undefined : [module, ...folders.slice(depth)].join('/');
  }
  return undefined;
}
