/** Ends a switch over a union: a new member fails to compile here, and an unforeseen value fails at run time. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
