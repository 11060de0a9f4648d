import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';

/**
 * For the oracle alone (`plain-identities.ts`): what a touchpoint says of who it was, read the slow and simple way, with no code of the
 * stitcher. Where it knows less than the stitcher (phone numbers that are not E.164, settings of namespaces) it throws: such touchpoints
 * must not be in the traffic.
 */
export interface PlainIdentifiers {
  /** `namespace:value`, the most durable first. */
  ids: readonly string[];
  roleMailbox: string | null;
}

const PRIORITIES: Readonly<Record<string, number>> = { userId: 1, email: 2, phone: 3, anonymousId: 5 };
/** Of device and of every type of external id. */
const OTHER_PRIORITY = 4;
const ROLE_MAILBOXES = ['info', 'sales', 'support'];
/** Those of DESIGN section 6 that the traffic uses. */
const BLOCKED = ['0', '00000000-0000-0000-0000-000000000000', '-1', 'null', 'undefined', 'anonymous', 'guest', 'n/a'];

export const namespaceOf = (key: string): string => key.slice(0, key.indexOf(':'));
export const priorityOf = (key: string): number => PRIORITIES[namespaceOf(key)] ?? OTHER_PRIORITY;

export function identifiersIn(touchpoint: Touchpoint, isKnown: (key: string) => boolean): PlainIdentifiers {
  const { context, kind, userId, anonymousId, previousId } = touchpoint;
  const traits = [...(kind === 'group' ? [] : [touchpoint.traits]), (context.traits ?? {}) as Record<string, unknown>];
  const named: [string, unknown][] = [
    ['userId', userId],
    ...traits.flatMap((each): [string, unknown][] => [
      ['email', each.email],
      ['phone', each.phone],
    ]),
    ['device', (context.device as { id?: unknown } | undefined)?.id],
    ...((context.externalIds ?? []) as { id: unknown; type: string; collection?: string }[])
      .filter(({ collection }) => collection !== 'accounts')
      .map(({ id, type }): [string, unknown] => [type, id]),
    ['anonymousId', anonymousId],
  ];
  const keys = named.flatMap(([namespace, raw]) => keyOf(namespace, raw) ?? []);
  if (previousId !== null) {
    const asUser = keyOf('userId', previousId);
    const previous = asUser && (isKnown(asUser) || keys.includes(asUser)) ? asUser : keyOf('anonymousId', previousId);
    if (previous) keys.push(previous);
  }
  const isMailbox = (key: string): boolean =>
    namespaceOf(key) === 'email' && ROLE_MAILBOXES.includes(key.slice('email:'.length).split(/[+@]/)[0]!);
  return {
    ids: [...new Set(keys.filter((key) => !isMailbox(key)))].sort((a, b) => priorityOf(a) - priorityOf(b)),
    roleMailbox: keys.find(isMailbox)?.slice('email:'.length) ?? null,
  };
}

export function keyOf(namespace: string, raw: unknown): string | null {
  if (typeof raw !== 'string' && typeof raw !== 'number') return null;
  const text = String(raw).trim().normalize('NFC');
  const value = namespace === 'email' ? text.toLowerCase() : text;
  if (namespace === 'phone' && !/^\+\d{9,15}$/.test(value))
    throw new Error(`the oracle cannot read the phone ${value}`);
  if (value === '' || BLOCKED.includes(value.toLowerCase())) return null;
  return `${namespace}:${value}`;
}
