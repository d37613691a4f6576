/** What is compiled to WebAssembly (`../assembly`). V8 shares the code of modules of the same bytes among all threads of the process. */

import { readFileSync } from 'node:fs';
import { memoryLimitNames } from '../limitNames.ts';

const compiled = new Map<string, WebAssembly.Module>();

/** Compiles lazily: a function when it is first called. Throws where the project was not built. */
function wasmModule(name: 'scanner' | 'parquet'): WebAssembly.Module {
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

/**
 * An instance of it, with memory of its own. @param host what it asks for besides.
 * @returns what it exports. Functions throw a RangeError where there is no memory for what they do.
 */
export function wasmExports(name: 'scanner' | 'parquet', host: WebAssembly.Imports[string] = {}): unknown {
  const { exports } = new WebAssembly.Instance(wasmModule(name), { env: { abort }, host });
  return Object.fromEntries(
    Object.entries(exports).map(([each, value]) => [each, typeof value === 'function' ? telling(value) : value]),
  );
}

type Call = (...numbers: number[]) => number;

function telling(call: Call): Call {
  return (first, second, third) => {
    try {
      // None takes more, and those that one does not take are not looked at.
      return call(first, second, third);
    } catch (error) {
      // Where the memory cannot grow, its language's runtime says no more than that.
      const isRefused = error instanceof WebAssembly.RuntimeError && error.message === 'unreachable';
      throw isRefused ? new RangeError(noMemory, { cause: error }) : error;
    }
  };
}

const noMemory = `no memory is left to index logs with: give the machine more, or lower ${memoryLimitNames}`;

/** What its language's runtime calls where more is asked of it at once than it gives. */
function abort(): never {
  throw new RangeError(noMemory);
}
