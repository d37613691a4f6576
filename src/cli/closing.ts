/** Closes what is open when its block ends: `await using`. */

export function closing(open: { close(): Promise<void> }): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => open.close() };
}
