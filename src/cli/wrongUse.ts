/** The command was called in a way it does not understand: exit code 2, and what was expected. */

export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** The call was right, and yet it failed in a way that needs no more words than these: exit code 1. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
