/** What a journey keeps of its outreach: the open action, decisions whose windows are open, running plays. Plain JSON, every list bounded. */
import type { AlertKind } from '../state.ts';

export interface OutreachState {
  /** The next best action; one at a time. */
  action?: OpenAction;
  /** Decisions of which it is not known yet what followed, oldest first. */
  decisions?: readonly PendingDecision[];
  /** Actions requested lately, for the caps; oldest first. */
  requests?: readonly ActionRequest[];
  /** How many decisions there were: each has a seed of its own. */
  decided?: number;
  /** What the last decision was about: the same is not decided twice. */
  about?: string;
  plays?: readonly PlayRun[];
  /** Play → how often it began, and when last. */
  begun?: Readonly<Record<string, readonly [count: number, at: number]>>;
  /** Plays whose trigger holds: they begin when it comes true. */
  held?: readonly string[];
  /** When each timer is armed for. */
  due?: Readonly<Partial<Record<OutreachTimer, number>>>;
}

export const OUTREACH_TIMERS = ['action', 'label', 'play', 'time'] as const;
export type OutreachTimer = (typeof OUTREACH_TIMERS)[number];

export interface OpenAction {
  id: string;
  name: string;
  /** Of the definition that it was chosen by. */
  version: number;
  state: 'chosen' | 'requested' | 'accepted' | 'snoozed';
  alertId: string | null;
  alertKind: AlertKind | null;
  /** The stage that it was chosen in. */
  stage: string;
  personId: string | null;
  /** The play that carries it out. */
  play: string | null;
  chosenAt: number;
  /** When it is to be requested; null: at once, or when its play says so. */
  requestAt: number | null;
  requestedAt: number | null;
  expiresAt: number | null;
  snoozedUntil: number | null;
  /** Filled in: title, reason and what else the template has. */
  texts: Readonly<Record<string, string>>;
  propensity: number;
  arms: readonly (readonly [name: string, propensity: number, expected: number | null])[];
  policy: string;
  by: string | null;
}

/** `flags`: bits of FLAGS; `held`: 1 in the holdout. */
export type PendingDecision = readonly [
  name: string,
  at: number,
  replyUntil: number,
  features: readonly string[],
  held: 0 | 1,
  flags: number,
];
export const FLAGS = { replied: 1, advanced: 2, won: 4, unsubscribed: 8 } as const;

export type ActionRequest = readonly [at: number, name: string, personId: string | null];

export interface PlayRun {
  name: string;
  /** Of the definition that it began with: it finishes on it. */
  version: number;
  /** The step to do next. */
  step: number;
  startedAt: number;
  alertId: string | null;
  alertKind: AlertKind | null;
  personId: string | null;
  /** It waits until then; null: it does not wait, or only for a condition. */
  due: number | null;
  /** It waits at `step`. */
  waiting: boolean;
}

/** A decision is 120 bytes; guard rails keep a journey far below it. The oldest leave, unlabelled. */
export const DECISIONS_KEPT = 8;
/** The largest cap that a definition may set is looked for in these. */
export const REQUESTS_KEPT = 50;
export const PLAYS_KEPT = 10;

/** Two journeys become one: the older open action goes on, a play in which both are goes on from the step that is further. Commutative. */
export function mergeOutreach(
  a: OutreachState | undefined,
  b: OutreachState | undefined,
): { outreach?: OutreachState; dropped?: OpenAction } {
  if (!a || !b) {
    const one = a ?? b;
    return one ? { outreach: withoutTimers(one) } : {};
  }
  const actions = [a.action, b.action].filter((action) => action !== undefined);
  const [action, dropped] = actions.sort((x, y) => x.chosenAt - y.chosenAt || (x.id < y.id ? -1 : 1));
  const begun: Record<string, readonly [number, number]> = { ...a.begun };
  for (const [name, [count, at]] of Object.entries(b.begun ?? {}))
    begun[name] = [(begun[name]?.[0] ?? 0) + count, Math.max(begun[name]?.[1] ?? 0, at)];
  const outreach: OutreachState = {
    ...(action ? { action } : {}),
    decisions: [...(a.decisions ?? []), ...(b.decisions ?? [])].sort(byTime).slice(-DECISIONS_KEPT),
    requests: [...(a.requests ?? []), ...(b.requests ?? [])]
      .sort((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : 1))
      .slice(-REQUESTS_KEPT),
    decided: Math.max(a.decided ?? 0, b.decided ?? 0),
    plays: mergeRuns([...(a.plays ?? []), ...(b.plays ?? [])]),
    begun: sortedKeys(begun),
    held: [...new Set([...(a.held ?? []), ...(b.held ?? [])])].sort(),
  };
  return dropped ? { outreach, dropped } : { outreach };
}

function mergeRuns(runs: readonly PlayRun[]): readonly PlayRun[] {
  const merged = new Map<string, PlayRun>();
  for (const run of runs) {
    const known = merged.get(run.name);
    merged.set(run.name, known ? further(known, run) : run);
  }
  return [...merged.values()].sort((x, y) => (x.name < y.name ? -1 : 1)).slice(0, PLAYS_KEPT);
}

/** Steps only go forward: whoever is further has done, or passed by, all that the other has. */
function further(one: PlayRun, other: PlayRun): PlayRun {
  if (one.version !== other.version) return one.version > other.version ? one : other;
  if (one.step !== other.step) return one.step > other.step ? one : other;
  if (one.startedAt !== other.startedAt) return one.startedAt < other.startedAt ? one : other;
  return (one.personId ?? '') <= (other.personId ?? '') ? one : other;
}

function withoutTimers({ due: _due, ...rest }: OutreachState): OutreachState {
  return rest;
}

function byTime(x: PendingDecision, y: PendingDecision): number {
  return x[1] - y[1] || (x[0] < y[0] ? -1 : 1);
}

function sortedKeys<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([x], [y]) => (x < y ? -1 : 1)));
}
