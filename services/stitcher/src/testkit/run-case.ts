import { accountId } from '@cairn/contracts/ids.ts';
import { namespaceOf, valueOf } from '../core/identifier-key.ts';
import type { StitchSettings } from '../core/settings.ts';
import type { Call } from './touchpoint-of.ts';

/**
 * A named case: what goes in, and the people that must come out. The same file is run through the pure core, through the services and
 * over HTTP: whoever runs it brings a world.
 */
export interface StitchCase {
  name: string;
  settings?: Partial<StitchSettings>;
  /** In order: calls, waits (`{ "wait": ms }`), or commands. */
  steps: readonly Step[];
  people: readonly ExpectedPerson[];
  /** `decision namespace:value`, in any order; left out: not looked at. */
  decisions?: readonly string[];
  /** Identifiers that lead to nobody. */
  nobody?: readonly string[];
  /** Steps (from 1) that are dropped as duplicates. */
  duplicates?: readonly number[];
  /** What the commands were answered, in order: `ok`, or why not. */
  answers?: readonly string[];
  /** Why the product over HTTP cannot show it (yet). */
  notOverHttp?: string;
  /** Accounts whose subject each call has, by step: `group:acme`, `domain:acme.com`, or `person`. */
  subjects?: Readonly<Record<string, string>>;
  /** `group:a <- domain:b`: journeys handed over from the second to the first; persons are `person`. */
  handOvers?: readonly string[];
}

export type Step = Call | { wait: number } | CommandStep;

/** People are named by an identifier they hold, or `#1` (the person of call 1, as stitched then); accounts by their label. */
export type CommandStep =
  | { command: 'merge'; from: string; into: string }
  | { command: 'split'; person: string; cut: readonly string[] }
  | { command: 'erase'; person: string; dryRun?: boolean; suppress?: boolean }
  | { command: 'link' | 'unlink'; person: string; account: string };

export interface ExpectedPerson {
  /** Not shared ones; exactly these. */
  ids: readonly string[];
  shared?: readonly string[];
  /** `group:acme`, `domain:acme.com`, null: on its own. */
  account?: string | null;
  /** Calls (from 1) that belong to this person now. */
  calls?: readonly number[];
  traits?: Readonly<Record<string, unknown>>;
  mergedFrom?: number;
}

export interface FoundPerson {
  ids: readonly string[];
  shared: readonly string[];
  account: string | null;
  calls: readonly number[];
  traits: Readonly<Record<string, unknown>>;
  mergedFrom: number;
}

/** What a world shows after the steps. */
export interface FoundWorld {
  people: readonly FoundPerson[];
  decisions: readonly string[];
  duplicates: readonly number[];
  answers: readonly string[];
  subjects: Readonly<Record<string, string>>;
  handOvers: readonly string[];
  leadsToNobody(key: string): boolean;
}

/** `group:acme` → its account id. */
export function accountOfLabel(workspace: string, label: string): string {
  const [kind, ...rest] = label.split(':');
  return accountId(workspace, kind as 'group' | 'domain' | 'crm', rest.join(':'));
}

/** The differences between what was found and what the case expects; none: it holds. */
export function differences(expected: StitchCase, found: FoundWorld): string[] {
  const faults: string[] = [];
  const wanted = expected.people.map(describe).sort();
  const got = found.people.map((person) => describe(matching(expected, person))).sort();
  if (wanted.join('\n') !== got.join('\n'))
    faults.push(`people expected:\n${wanted.join('\n')}\nfound:\n${got.join('\n')}`);
  compareLists(faults, 'decisions', expected.decisions, found.decisions);
  compareLists(faults, 'duplicates', expected.duplicates?.map(String), found.duplicates.map(String));
  compareLists(faults, 'answers', expected.answers, found.answers);
  compareLists(faults, 'hand-overs', expected.handOvers, found.handOvers);
  for (const key of expected.nobody ?? []) if (!found.leadsToNobody(key)) faults.push(`${key} should lead to nobody`);
  for (const [step, subject] of Object.entries(expected.subjects ?? {}))
    if (found.subjects[step] !== subject)
      faults.push(`call ${step} should be on ${subject}, is on ${found.subjects[step]}`);
  return faults;
}

/** Only what some expectation of the case looks at. */
function matching(expected: StitchCase, person: FoundPerson): ExpectedPerson {
  const like = expected.people.find(
    ({ ids, shared }) => [...ids, ...(shared ?? [])].sort().join() === [...person.ids, ...person.shared].sort().join(),
  );
  const { ids, shared } = person;
  return {
    ids,
    ...(shared.length || like?.shared ? { shared } : {}),
    ...(like?.account === undefined ? {} : { account: person.account }),
    ...(like?.calls ? { calls: person.calls } : {}),
    ...(like?.traits
      ? { traits: Object.fromEntries(Object.keys(like.traits).map((name) => [name, person.traits[name]])) }
      : {}),
    ...(like?.mergedFrom === undefined ? {} : { mergedFrom: person.mergedFrom }),
  };
}

function describe(person: ExpectedPerson): string {
  const { ids, shared, account, calls, traits, mergedFrom } = person;
  const sorted = traits && Object.fromEntries(Object.entries(traits).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({
    ids: [...ids].sort(),
    shared: shared && [...shared].sort(),
    account,
    calls,
    traits: sorted,
    mergedFrom,
  });
}

function compareLists(
  faults: string[],
  what: string,
  wanted: readonly string[] | undefined,
  got: readonly string[],
): void {
  if (!wanted) return;
  const [left, right] = [[...wanted].sort().join('; '), [...got].sort().join('; ')];
  if (left !== right) faults.push(`${what} expected: ${left || 'none'}; found: ${right || 'none'}`);
}

/** A command as it is sent; `personOf` finds who holds an identifier, or made call n (`#n`). */
export function paramsOf(
  step: CommandStep,
  workspace: string,
  personOf: (name: string) => string,
): Record<string, unknown> {
  switch (step.command) {
    case 'merge':
      return { from: personOf(step.from), into: personOf(step.into) };
    case 'split':
      return {
        personId: personOf(step.person),
        cut: step.cut.map((key) => ({ namespace: namespaceOf(key), value: valueOf(key) })),
      };
    case 'erase':
      return { personId: personOf(step.person), dryRun: step.dryRun ?? false, suppress: step.suppress ?? false };
    case 'link':
    case 'unlink':
      return { personId: personOf(step.person), accountId: accountOfLabel(workspace, step.account) };
  }
}
