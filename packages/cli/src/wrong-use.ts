/** The command was given what it cannot use: exit code 2. Anything else that goes wrong is 1. */
export class WrongUse extends Error {
  override name = 'WrongUse';
}
