/** Touchpoints for tests, from the few words that matter: who, what, when. */
import { touchpointId } from '@cairn/contracts/ids.ts';
import type { AccountSummary, PersonSummary, StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';

export interface TouchpointLike extends Partial<Omit<Touchpoint, 'timestamp' | 'receivedAt'>> {
  /** ISO text or epoch ms. */
  at: string | number;
  /** Default: `at`. */
  receivedAt?: string | number;
  /** Person id; null for none. */
  person?: string | null;
  personTraits?: Record<string, unknown>;
  /** Account id; none: the person is the subject. */
  account?: string;
  accountTraits?: Record<string, unknown>;
}

let count = 0;

export function touchpointOf(workspace: string, like: TouchpointLike): Touchpoint {
  const { at, receivedAt = at, person: _p, personTraits: _pt, account: _a, accountTraits: _at, ...rest } = like;
  const messageId = like.messageId ?? `m${count++}`;
  const kind = like.kind ?? 'track';
  return {
    type: 'touchpoint.admitted',
    workspace,
    id: touchpointId(workspace, messageId),
    messageId,
    kind,
    event: kind === 'page' ? 'Page Viewed' : null,
    name: null,
    userId: like.person ?? null,
    anonymousId: null,
    groupId: like.account ?? null,
    previousId: null,
    timestamp: time(at),
    originalTimestamp: null,
    receivedAt: time(receivedAt),
    traits: {},
    properties: {},
    context: {},
    direction: kind === 'identify' || kind === 'group' || kind === 'alias' ? 'none' : null,
    channel: 'web',
    bot: false,
    imported: false,
    source: 'http',
    ...rest,
  };
}

export function stitchedOf(workspace: string, like: TouchpointLike): StitchedTouchpoint {
  const personId = like.person === undefined ? 'ann' : like.person;
  const person: PersonSummary | null =
    personId === null
      ? null
      : {
          id: personId,
          userId: personId,
          name: personId,
          email: null,
          anonymous: false,
          traits: like.personTraits ?? {},
        };
  const account: AccountSummary | null =
    like.account === undefined
      ? null
      : { id: like.account, groupId: like.account, name: like.account, domain: null, traits: like.accountTraits ?? {} };
  return {
    type: 'touchpoint.stitched',
    workspace,
    subject: account ? { unit: 'account', id: account.id } : { unit: 'person', id: personId ?? 'nobody' },
    touchpoint: touchpointOf(workspace, like),
    person,
    account,
    stitchKey: `userId:${personId}`,
  };
}

export function time(at: string | number): number {
  return typeof at === 'number' ? at : Date.parse(at);
}
