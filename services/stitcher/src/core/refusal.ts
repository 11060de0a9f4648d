/** Why a command cannot be carried out: from this list, a heading in the docs. */
export type Refusal =
  | 'unknown-person'
  | 'erased-person'
  | 'unknown-account'
  | 'not-linked'
  | 'cannot-merge-known'
  | 'too-many-ids'
  | 'too-many-merges'
  | 'unknown-identifier'
  | 'nothing-stays'
  | 'nothing-to-cut'
  | 'malformed-command';

/** Thrown inside a command, caught by `runCommand`: nothing is changed. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: Refusal;
  constructor(code: Refusal, message: string) {
    super(message);
    this.code = code;
  }
}
