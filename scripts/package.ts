/** Makes the VSIX for this platform: `npm run package`. It holds all that the extension needs, so it runs with no network. */

import { execFile, spawnSync } from 'node:child_process';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zipEntries } from './zipEntries.ts';

const root = join(import.meta.dirname, '..');

/** Past this, someone has packed what does not belong in. */
const maxBytes = 40_000_000;

export interface PackagedExtension {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
}

/**
 * Packs what `npm run build` left in dist/. VS Code's names of targets are Node's names of platform and architecture;
 * the target is this machine's because npm has installed only this machine's native binding.
 */
export async function packageExtension(options: { readonly outDirectory: string }): Promise<PackagedExtension> {
  const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const target = `${process.platform}-${process.arch}`;
  const path = join(options.outDirectory, `${name}-${target}-${version}.vsix`);
  const building = `${path}.${process.pid}.partial`;
  try {
    // The command rather than its library: what it prints, a page on every call, is wanted only when it fails.
    const vsce = join(root, 'node_modules/@vscode/vsce/vsce');
    // Pictures and links of the README resolve inside the package.
    const flags = ['--no-rewrite-relative-links', '--allow-missing-repository'];
    await promisify(execFile)(process.execPath, [vsce, 'package', '--target', target, '--out', building, ...flags], {
      cwd: root,
    });
    const { size } = await stat(building);
    if (size > maxBytes)
      throw new Error(`The VSIX has ${megabytes(size)} MB; more than ${megabytes(maxBytes)} is not shipped.`);
    const files = (await zipEntries(building)).length;
    await rename(building, path);
    return { path, bytes: size, files };
  } finally {
    await rm(building, { force: true });
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

if (import.meta.main) {
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
  const { path, bytes, files } = await packageExtension({ outDirectory: root });
  console.log(`${path}: ${megabytes(bytes)} MB, ${files} files`);
}
