/** What a verdict is called: the values are the API's, the words fit the kind of the alert. Decides nothing. */
import type { Alert } from '../../types.ts';

export type Verdict = 'real' | 'not-a-stall' | 'already-handled';
export const VERDICTS: readonly Verdict[] = ['real', 'not-a-stall', 'already-handled'];

const REAL: Readonly<Record<string, string>> = {
  stall: 'Real stall',
  'role-silent': 'Really silent',
  'role-missing': 'Really missing',
  'single-threaded': 'Really one buyer',
};

/** `kind` null: of alerts of several kinds. */
export function verdictLabel(verdict: Verdict, kind: Alert['kind'] | null): string {
  switch (verdict) {
    case 'real':
      return (kind !== null && REAL[kind]) || 'Real';
    case 'not-a-stall':
      return kind === 'stall' ? 'Not a stall' : 'False alarm';
    case 'already-handled':
      return 'Already handled';
    default:
      return verdict satisfies never;
  }
}

/** The one kind that all of them are of; null: there are several, or none. */
export function commonKind(kinds: Iterable<Alert['kind']>): Alert['kind'] | null {
  const [first, ...others] = new Set(kinds);
  return first !== undefined && others.length === 0 ? first : null;
}
