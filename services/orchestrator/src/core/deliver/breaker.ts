/**
 * Decides whether an endpoint is worth trying: after a run of failures it is left alone but for one probe at a time. What waits
 * meanwhile uses up no attempts. Never looks at a single delivery's schedule.
 */
export interface Breaker {
  state: 'closed' | 'open' | 'probing';
  /** While open: when one probe may go. */
  probeAt: number;
  /** The pause that led to `probeAt`; doubles with each failed probe. */
  pauseMs: number;
  failuresInRow: number;
  /** Whose attempt failed last: its next failure says nothing new of the endpoint. Absent: nobody's. */
  failedLast?: string;
  /** Outcomes of the last five minutes, in slots of half a minute, oldest first. */
  slots: readonly { start: number; ok: number; failed: number }[];
}

export const BREAKER = {
  /** In a row, at any rate. */
  failuresInRow: 5,
  /** Share of failures within the window, once there are enough to say. */
  failedShare: 0.7,
  leastOutcomes: 10,
  windowMs: 5 * 60_000,
  slotMs: 30_000,
  firstPauseMs: 30_000,
  pauseMsMax: 5 * 60_000,
} as const;

export function closedBreaker(): Breaker {
  return { state: 'closed', probeAt: 0, pauseMs: 0, failuresInRow: 0, slots: [] };
}

/** Whether an attempt may pass at `now`: as any other, as the one probe, or not before `at` (null: when the probe is back). */
export function askBreaker(
  breaker: Breaker,
  now: number,
): { pass: true; probe: boolean } | { pass: false; at: number | null } {
  switch (breaker.state) {
    case 'closed':
      return { pass: true, probe: false };
    case 'open':
      return now >= breaker.probeAt ? { pass: true, probe: true } : { pass: false, at: breaker.probeAt };
    case 'probing':
      return { pass: false, at: null };
  }
}

export function startProbe(breaker: Breaker): Breaker {
  return { ...breaker, state: 'probing' };
}

/**
 * Takes in how an attempt of delivery `by` ended. Any success closes; while open only the probe's failure counts (the others were under
 * way before). Failures of one delivery with none of another between them count once: a message that is always refused would open the
 * breaker by its own retries, and six retries of a second each would take minutes.
 */
export function recordOutcome(breaker: Breaker, ok: boolean, probe: boolean, now: number, by: string): Breaker {
  if (ok) {
    const slots = breaker.state === 'closed' ? addToSlots(breaker.slots, true, now) : [];
    return { ...closedBreaker(), slots };
  }
  if (breaker.state !== 'closed') return probe ? reopen(breaker, now) : breaker;
  if (breaker.failedLast === by) return breaker;
  const slots = addToSlots(breaker.slots, false, now);
  const counted: Breaker = { ...breaker, slots, failedLast: by, failuresInRow: breaker.failuresInRow + 1 };
  return mustOpen(counted) ? open(counted, BREAKER.firstPauseMs, now) : counted;
}

/** A probe that came to no outcome of the endpoint's (its proxy failed): the next one may go after the same pause. */
export function probeAgain(breaker: Breaker, now: number): Breaker {
  return breaker.state === 'probing' ? { ...breaker, state: 'open', probeAt: now + breaker.pauseMs } : breaker;
}

function reopen(breaker: Breaker, now: number): Breaker {
  return open(breaker, Math.min(breaker.pauseMs * 2, BREAKER.pauseMsMax), now);
}

function open(breaker: Breaker, pauseMs: number, now: number): Breaker {
  return { ...breaker, state: 'open', pauseMs, probeAt: now + pauseMs };
}

function mustOpen(breaker: Breaker): boolean {
  if (breaker.failuresInRow >= BREAKER.failuresInRow) return true;
  const ok = breaker.slots.reduce((sum, slot) => sum + slot.ok, 0);
  const failed = breaker.slots.reduce((sum, slot) => sum + slot.failed, 0);
  return ok + failed >= BREAKER.leastOutcomes && failed >= BREAKER.failedShare * (ok + failed);
}

function addToSlots(slots: Breaker['slots'], ok: boolean, now: number): Breaker['slots'] {
  const start = now - (now % BREAKER.slotMs);
  const kept = slots.filter((slot) => slot.start > now - BREAKER.windowMs);
  const last = kept.at(-1);
  const one = { start, ok: ok ? 1 : 0, failed: ok ? 0 : 1 };
  if (last?.start !== start) return [...kept, one];
  return [...kept.slice(0, -1), { start, ok: last.ok + one.ok, failed: last.failed + one.failed }];
}
