import { matchesType } from './type-patterns.ts';

/**
 * Decides whether a delivery must not be sent any more: it tells of a person who was erased or takes no outreach any more, or belongs to a
 * journey whose messages were withdrawn. Looked at before every attempt; what is asked for later is not concerned.
 */
export interface Withdrawal {
  personId: string | null;
  journeyId: string | null;
  /** Patterns: only these. */
  types: readonly string[];
  state: 'superseded' | 'suppressed' | 'aborted';
  /** Plain words. */
  reason: string;
  /** When it was decided, and when the deliverer learned it (epoch ms). */
  at: number;
  takenAt: number;
}

export interface Withdrawable {
  type: string;
  journeyId: string | null;
  body: string;
  people?: readonly string[];
}

/** Kept for an endpoint at once: each is looked for in every message, and a year of erasures in a week is a mistake. The newest count. */
export const WITHDRAWALS_MAX = 1_000;
/** As long as an ended delivery can be sent again. */
export const WITHDRAWAL_KEPT_MS = 7 * 86_400_000;
const PEOPLE_MAX = 50;
const DEPTH_MAX = 6;

/** The withdrawal that concerns it, if any. */
export function withdrawalOf(withdrawals: readonly Withdrawal[], delivery: Withdrawable): Withdrawal | undefined {
  return withdrawals.find(
    ({ personId, journeyId, types }) =>
      matchesType(types, delivery.type) &&
      (journeyId === null || journeyId === delivery.journeyId) &&
      (personId === null || tellsOf(delivery, personId)),
  );
}

export function withWithdrawal(known: readonly Withdrawal[], added: Withdrawal): Withdrawal[] {
  const kept = known.filter(({ takenAt }) => takenAt > added.takenAt - WITHDRAWAL_KEPT_MS);
  return [...kept, added].slice(-WITHDRAWALS_MAX);
}

/** The ids of people that `data` tells of and `body` does not (a thin body, a message for Slack): what a withdrawal would miss. */
export function hiddenPeople(data: Record<string, unknown>, body: string): string[] {
  const found = new Set<string>();
  collect(data, found, 0);
  return [...found].filter((id) => !body.includes(id)).slice(0, PEOPLE_MAX);
}

/** Ids of people hold nothing that JSON would escape. */
function tellsOf({ body, people }: Withdrawable, personId: string): boolean {
  return body.includes(personId) || (people?.includes(personId) ?? false);
}

function collect(value: unknown, found: Set<string>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return;
  if (Array.isArray(value)) return value.forEach((one) => collect(one, found, depth + 1));
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && /^(quietPersonId|personId)$/.test(name)) found.add(member);
    else if (name === 'people' || name === 'person') {
      for (const one of [member].flat() as { id?: unknown }[]) if (typeof one?.id === 'string') found.add(one.id);
    } else collect(member, found, depth + 1);
  }
}
