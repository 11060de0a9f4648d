/**
 * A person as the API shows it (API.md section 4), and why it is who it is: which identifiers were seen together and by whose word, merges
 * and splits with their causes, decisions about its identifiers. Shows, decides nothing.
 */
import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type {
  IdentityDecision,
  Membership,
  Person,
  PersonMerged,
  PersonSplit,
} from '@cairn/contracts/generated/identity.ts';

export interface PersonScene {
  /** The account that took over the one a membership names, or the same. */
  livingAccount(id: string): string;
  story: { merges: readonly PersonMerged[]; splits: readonly PersonSplit[]; decisions: readonly IdentityDecision[] };
}

function presentDecision({ at, decision, namespace, value, reason, cause }: IdentityDecision): Record<string, unknown> {
  return { at: formatInstant(at), decision, namespace, value, reason, ...causeOf(cause) };
}

/** In a list of all people's: with whose it is. */
export const presentListedDecision = (told: IdentityDecision): Record<string, unknown> => ({
  ...presentDecision(told),
  personId: told.personId,
});

export function presentPerson(person: Person, { livingAccount, story }: PersonScene): Record<string, unknown> {
  return {
    id: person.id,
    name: person.name,
    ids: person.ids.map(({ namespace, value, firstSeen, shared }) => ({
      namespace,
      value,
      firstSeen: formatInstant(firstSeen),
      shared,
    })),
    traits: person.traits,
    accounts: presentAccounts(person.accounts, livingAccount),
    mergedFrom: person.mergedFrom,
    version: person.version,
    createdAt: formatInstant(person.createdAt),
    edges: (person.edges ?? []).map(({ cause, ids }) => ({ ids: ids.map(identifierOf), ...causeOf(cause) })),
    merges: story.merges.map(({ at, from, into, edge, cause }) => ({
      at: formatInstant(at),
      from,
      into,
      edge,
      ...causeOf(cause),
    })),
    splits: story.splits.map(({ at, personId, into, cut, cause }) => ({
      at: formatInstant(at),
      personId,
      into: into.map((part) => ({ personId: part.personId, ids: part.ids.map(identifierOf) })),
      cut: cut.map(identifierOf),
      ...causeOf(cause),
    })),
    decisions: story.decisions.map(presentDecision),
  };
}

/** Two memberships may have become one: of an account and of one that it took over. */
function presentAccounts(memberships: readonly Membership[], livingAccount: (id: string) => string): unknown[] {
  const shown = new Map<string, unknown>();
  for (const { accountId, from, to, source } of memberships) {
    const membership = {
      accountId: livingAccount(accountId),
      from: formatInstant(from),
      to: formatInstantOrNull(to),
      source,
    };
    shown.set(JSON.stringify(membership), membership);
  }
  return [...shown.values()];
}

function identifierOf(key: string): { namespace: string; value: string } {
  const colon = key.indexOf(':');
  return { namespace: key.slice(0, colon), value: key.slice(colon + 1) };
}

/** A touchpoint said so, or somebody by hand. */
function causeOf(cause: string): { cause: string; touchpointId: string | null } {
  return { cause, touchpointId: cause.startsWith('tp_') ? cause : null };
}
