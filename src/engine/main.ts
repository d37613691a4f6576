/** Starts the engine process: forked by `EngineClient`, with the folder for cached data where there is one. */

import { useCompiledCode } from './compiledCode.ts';

const [cacheDirectory] = process.argv.slice(2);
// Before all that is worth keeping is loaded.
if (cacheDirectory !== undefined) useCompiledCode(cacheDirectory);
await import('./engineProcess.ts');
