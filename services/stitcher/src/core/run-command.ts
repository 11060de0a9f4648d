import type { CommandAnswered, IdentityCommand } from '@cairn/contracts/generated/identity.ts';
import { claimDomainsOf, join, leave } from './account-membership.ts';
import { checkSettings } from './check-settings.ts';
import { erasePerson } from './erase-person.ts';
import { tellAll } from './facts.ts';
import { identifierKey } from './identifier-key.ts';
import {
  draftOf,
  isGone,
  ownerOf,
  put,
  putPerson,
  readAccount,
  readAnyone,
  readNode,
  readPerson,
  type Draft,
  type GraphReader,
  type StitchOutput,
} from './identity-graph.ts';
import { holdersOf, mergePeople } from './merge-people.ts';
import { capPassed, holdsTwoUniqueValues } from './merge-policy.ts';
import { withEdge } from './person-record.ts';
import { orderRederivation } from './rederivation.ts';
import { Refused } from './refusal.ts';
import { DEFAULT_SETTINGS, type StitchSettings } from './settings.ts';
import { noteAlone, splitPerson } from './split-person.ts';

/**
 * Carries out what a person ordered of the identity graph: merge, split, erase, link, unlink. An impossible command is answered with
 * why, and changes nothing. Commands follow absorbed ids to the person who lives on.
 */
export interface CommandOutcome {
  changes: readonly { key: string; value: unknown }[];
  outputs: readonly StitchOutput[];
}

/** `now`: log time. */
export function runCommand(
  graph: GraphReader,
  command: IdentityCommand,
  now: number,
  defaults: StitchSettings = DEFAULT_SETTINGS,
): CommandOutcome {
  const { workspace, commandId } = command;
  const draft = draftOf(graph, { workspace, now, at: now, cause: commandId }, defaults);
  try {
    const told = carryOut(draft, command);
    const outputs = tellAll(draft, null, null);
    const facts = [...told, ...outputs.flatMap(({ to, message }) => (to === 'identities' && message ? [message] : []))];
    const changes = [...(draft.changes ?? [])].map(([key, value]) => ({ key, value }));
    return {
      changes,
      outputs: [...outputs, answer(command, { ok: true, code: null, message: null, facts: facts as never })],
    };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const refused = { ok: false, code: error.code, message: error.message, facts: [] };
    return { changes: [], outputs: [answer(command, refused)] };
  }
}

/** The answers of a workspace share a key: whoever waits reads them as they come, and compaction forgets them. */
function answer(
  { workspace, commandId }: IdentityCommand,
  answered: Pick<CommandAnswered, 'ok' | 'code' | 'message' | 'facts'>,
): StitchOutput {
  return {
    to: 'identities',
    key: `${workspace}/answer`,
    message: { type: 'command.answered', workspace, commandId, ...answered },
  };
}

/** Returns what is told to whoever asked and nobody else. */
function carryOut(draft: Draft, { command, params }: IdentityCommand): readonly object[] {
  switch (command) {
    case 'merge':
      mergeByHand(draft, livingId(draft, params.from), livingId(draft, params.into));
      return [];
    case 'split':
      splitPerson(draft, livingId(draft, params.personId), keysOf(params.cut));
      return [];
    case 'erase':
      return erasePerson(draft, livingId(draft, params.personId), {
        dryRun: params.dryRun === true,
        suppress: params.suppress === true,
      });
    case 'link':
      link(draft, livingId(draft, params.personId), livingAccount(draft, params.accountId));
      return [];
    case 'configure':
      return params.settings === undefined ? [settingsTold(draft.settings)] : configure(draft, params.settings);
    case 'unlink':
      unlink(draft, livingId(draft, params.personId), livingAccount(draft, params.accountId));
      return [];
  }
}

/** The whole settings are kept: a later change of a default changes no workspace that has its own. */
function configure(draft: Draft, given: unknown): readonly object[] {
  const checked = checkSettings(given);
  if ('fault' in checked) throw new Refused('malformed-command', checked.fault);
  const settings = { ...checked.settings, suppresses: draft.settings.suppresses };
  put(draft, 'settings', settings);
  return [settingsTold(settings)];
}

/** What can be ordered again as it is told; whether anybody is suppressed is no setting. */
function settingsTold({ suppresses: _suppresses, ...settings }: StitchSettings): object {
  return { type: 'identity.settings', settings };
}

/** Merged with itself a person stays as it is. */
function mergeByHand(draft: Draft, from: string, into: string): void {
  if (from === into) return;
  const people = [readPerson(draft, from)!, readPerson(draft, into)!];
  if (holdsTwoUniqueValues(draft, people))
    throw new Refused('cannot-merge-known', 'Together they would hold two values of an identifier that is unique');
  const cap = capPassed(draft, people);
  if (cap) throw new Refused(cap, 'Together they would pass the cap of a person');
  const keys = people.flatMap(({ ids }) => ids.slice(0, 1));
  mergePeople(draft, into, from, { namespace: 'command', value: draft.cause, touchpointId: null });
  claimDomainsOf(draft, into);
  // The edge that a later split cuts.
  if (keys.length === 2) putPerson(draft, into, withEdge(readPerson(draft, into)!, keys, draft.cause), true);
}

function link(draft: Draft, personId: string, account: string): void {
  join(draft, personId, 'link', account, readPerson(draft, personId)!.ids[0] ?? '');
}

/** They were never to belong together: what the person did is no longer the account's, unless a touchpoint named it. */
function unlink(draft: Draft, personId: string, account: string): void {
  const before = readPerson(draft, personId)!;
  const holders = holdersOf(draft, personId, before);
  if (!leave(draft, personId, account)) throw new Refused('not-linked', 'The person is no member of the account');
  noteAlone(draft, personId);
  const ids = before.ids.filter((key) => ownerOf(readNode(draft, key)) === personId);
  orderRederivation(
    draft,
    [personId, ...(before.mergedFrom ?? [])],
    [{ id: personId, ids, except: [account] }],
    holders,
  );
}

function livingId(draft: Draft, id: unknown): string {
  if (typeof id !== 'string' || id === '') throw new Refused('malformed-command', 'A person is named by its id');
  const record = readAnyone(draft, id);
  if (!record) throw new Refused('unknown-person', `There is no person ${id}`);
  if (!isGone(record)) return id;
  if (record.into === null) throw new Refused('erased-person', `The person ${id} was erased`);
  return record.into;
}

function livingAccount(draft: Draft, id: unknown): string {
  const account = typeof id === 'string' ? readAccount(draft, id) : undefined;
  if (!account) throw new Refused('unknown-account', `There is no account ${String(id)}`);
  return account.mergedInto ?? (id as string);
}

function keysOf(cut: unknown): readonly string[] {
  const entries = Array.isArray(cut) ? (cut as unknown[]) : [];
  const keys = entries.map((entry) => {
    const { namespace, value } = (entry ?? {}) as { namespace?: unknown; value?: unknown };
    if (typeof namespace !== 'string' || (typeof value !== 'string' && typeof value !== 'number'))
      throw new Refused('malformed-command', 'cut is a list of { namespace, value }');
    return identifierKey(namespace, String(value));
  });
  if (keys.length === 0) throw new Refused('malformed-command', 'cut names at least one identifier');
  return keys;
}
