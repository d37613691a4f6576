/** What is compiled to WebAssembly (`../assembly`). V8 shares the code of modules of the same bytes among all threads of the process. */

import { readFileSync } from 'node:fs';

const compiled = new Map<string, WebAssembly.Module>();

/** Compiles lazily: a function when it is first called. Throws where the project was not built. */
export function wasmModule(name: 'scanner' | 'parquet'): WebAssembly.Module {
  let module = compiled.get(name);
  if (!module) compiled.set(name, (module = new WebAssembly.Module(readModule(name))));
  return module;
}

/** From where the build puts it: beside the bundles. */
function readModule(name: string): Uint8Array {
  const folder = import.meta.url.endsWith('.ts') ? '../../../dist' : '.';
  const file = new URL(`${folder}/${name}.wasm`, import.meta.url);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${name}.wasm cannot be read beside the program's other files: build it anew ('npm run build')`, {
      cause: error,
    });
  }
}

/** What its language's runtime calls where it has no memory left. */
export function abort(): never {
  throw new RangeError('no memory is left to index logs with: there are too many at once, or too large ones');
}
