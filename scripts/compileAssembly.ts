/** Compiles what is AssemblyScript (src/index/assembly) to WebAssembly. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main as compileWith } from 'assemblyscript/asc';

/** What it is compiled from. */
export const assemblySource = join(import.meta.dirname, '../src/index/assembly');

/** Folders of it that become modules. */
const modules = ['scanner', 'parquet'] as const;

const options = [
  '--outFile=module.wasm',
  '-O3',
  '--converge',
  '--noAssert',
  '--enable=simd',
  // Of the language's runtime only the allocator is used: nothing is collected.
  '--runtime=minimal',
];

/** Writes each module to `directory`. Throws with what the compiler says. */
export async function compileAssembly(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of modules) await writeFile(join(directory, `${name}.wasm`), await compile(name));
}

async function compile(name: (typeof modules)[number]): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  let said = '';
  const { error } = await compileWith([`${name}/index.ts`, `--baseDir=${assemblySource}`, ...options], {
    stderr: { write: (text) => void (said += String(text)) },
    writeFile: (_file: string, contents: string | Uint8Array) => {
      if (typeof contents !== 'string') wasm = contents;
    },
  });
  if (error || !wasm) throw new Error(`${name} does not compile:\n${said}`, { cause: error });
  return wasm;
}
