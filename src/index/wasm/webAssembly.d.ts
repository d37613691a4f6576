/** As much of WebAssembly's JavaScript interface as is used here: Node has it, but its types are those of browsers. */

declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array) => Module;
  interface Memory {
    /** Another one whenever the memory has grown. */
    readonly buffer: ArrayBuffer;
  }
  interface Global {
    readonly value: number;
  }
  type Imports = Readonly<Record<string, Readonly<Record<string, (...numbers: number[]) => number>>>>;
  interface Instance {
    readonly exports: Readonly<Record<string, Global | Memory | ((...numbers: number[]) => number)>>;
  }
  const RuntimeError: new () => Error;
  const Instance: new (module: Module, imports: Imports) => Instance;
}
