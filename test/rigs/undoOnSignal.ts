/** Undoes what a test process has made when a signal ends it, such as Ctrl-C's: then no `after` hook runs. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const undos: (() => Promise<void>)[] = [];
let isUndoing = false;

/** Calls `undo` when a signal comes, the latest registered first. The result takes that back. */
export function undoOnSignal(undo: () => Promise<void>): () => void {
  if (undos.length === 0) for (const signal of signals) process.on(signal, onSignal);
  undos.push(undo);
  return () => {
    const at = undos.indexOf(undo);
    if (at >= 0) undos.splice(at, 1);
    if (undos.length === 0 && !isUndoing) stopListening();
  };
}

function onSignal(signal: NodeJS.Signals): void {
  // A Ctrl-C comes twice: from the terminal, and from the test runner, which got it too.
  if (isUndoing) return;
  isUndoing = true;
  void undoAll().finally(() => {
    stopListening();
    process.kill(process.pid, signal);
  });
}

async function undoAll(): Promise<void> {
  for (const undo of undos.splice(0).reverse())
    await undo().catch((error: unknown) => console.error('Could not be undone:', error));
}

function stopListening(): void {
  for (const signal of signals) process.off(signal, onSignal);
}
