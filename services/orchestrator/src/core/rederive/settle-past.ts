/**
 * The journey that the past gives takes the place of the one that is there: its number goes on, what was told stays told, and of the
 * alerts each is kept, resolved, or opened without a word, so that the inbox shows what is true now. Pure.
 */
import { idOf } from '@cairn/contracts/ids.ts';
import type { Advanced, JourneyOutput } from '../journey-input.ts';
import { resolveAlert } from '../alert.ts';
import { ALERT_KINDS, type AlertKind, type AlertState, type JourneyState } from '../state.ts';
import type { PastTimer } from './past-journeys.ts';

export interface Settling {
  definition: string;
  /** As it is; null: there is none (any more). */
  journey: JourneyState | null;
  /** As the past gives it. */
  past: JourneyState;
  timers: readonly PastTimer[];
  /** Where the seq of a journey that lives again goes on. */
  seqBefore: number;
  now: number;
  /** The order that it follows. */
  cause: string;
}

export function settlePast({ definition, journey, past, timers, seqBefore, now, cause }: Settling): Advanced {
  const seq = journey?.seq ?? seqBefore;
  const outputs: JourneyOutput[] = [];
  const settled = isSettled(journey, past);
  const alerts = settleAlerts(journey, past, settled, { seq, now, outputs });
  const dueOf = (purpose: string): number | null =>
    timers.find(([name, other]) => name === definition && other === purpose)?.[2] ?? null;
  for (const purpose of ['stall', 'learn'] as const)
    outputs.push({ type: 'timer', purpose, dueAt: settled && purpose === 'stall' ? null : dueOf(purpose) });
  for (const kind of ALERT_KINDS) {
    const isKept = alerts[kind] !== undefined && alerts[kind].id === journey?.alerts[kind]?.id;
    if (!isKept)
      for (const purpose of [`escalate-${kind}`, `snooze-${kind}`] as const)
        outputs.push({ type: 'timer', purpose, dueAt: alerts[kind] ? dueOf(purpose) : null });
  }
  const asked = settled ? undefined : journey?.stall.asked;
  if (asked) outputs.push({ type: 'budget.withdrawn', owner: asked.owner, askedAt: asked.at });
  const { outreach: _muted, owner: _assigned, ...rest } = past;
  const next: JourneyState = {
    ...rest,
    ...(journey?.outreach ? { outreach: journey.outreach } : {}),
    ...(journey?.owner === undefined ? {} : { owner: journey.owner }),
    // What people said of it stands, whatever the past gives.
    ...(journey?.judged === undefined ? {} : { judged: journey.judged }),
    ...(settled ? { status: journey!.status, stall: journey!.stall } : {}),
    alerts,
    seq: seq + 1,
    updatedAt: now,
  };
  const from = journey && journey.stage !== next.stage ? journey.stage : null;
  outputs.push({
    type: 'changed',
    events: from === null ? ['rederived'] : ['rederived', 'stage_changed'],
    from,
    touchpoint: null,
    imported: true,
    cause,
    absorbedInto: null,
  });
  return { journey: next, outputs };
}

/** It was never anybody's journey: closed, its touchpoints are on another. */
export function closePast(
  journey: JourneyState,
  { into, now, cause }: { into: string; now: number; cause: string },
): Advanced {
  const outputs: JourneyOutput[] = [];
  const { asked } = journey.stall;
  if (asked) outputs.push({ type: 'budget.withdrawn', owner: asked.owner, askedAt: asked.at });
  for (const alert of Object.values(journey.alerts)) outputs.push(withdrawn(alert, now));
  const alerts = {};
  outputs.push({
    type: 'changed',
    events: ['rederived', 'absorbed'],
    from: null,
    touchpoint: null,
    imported: true,
    cause,
    absorbedInto: into,
  });
  return { journey: { ...journey, alerts, seq: journey.seq + 1, updatedAt: now }, outputs };
}

/** The same silence had its alert, and a person has dealt with it. */
function isSettled(journey: JourneyState | null, past: JourneyState): boolean {
  if (!journey || journey.alerts.stall || !past.alerts.stall) return false;
  return journey.stall.settled && journey.stall.at === past.stall.at && journey.status === 'active';
}

function settleAlerts(
  journey: JourneyState | null,
  past: JourneyState,
  settled: boolean,
  { seq, now, outputs }: { seq: number; now: number; outputs: JourneyOutput[] },
): JourneyState['alerts'] {
  const alerts: Partial<Record<AlertKind, AlertState>> = {};
  for (const kind of ALERT_KINDS) {
    const open = journey?.alerts[kind];
    const due = settled && kind === 'stall' ? undefined : past.alerts[kind];
    const isSame = open && due && open.openedAt === due.openedAt && open.stage === due.stage;
    if (isSame) {
      alerts[kind] = open;
      continue;
    }
    if (open) outputs.push(withdrawn(open, now));
    if (!due) continue;
    // The past counted its own seqs; no two alerts of a journey have the same.
    const alert = { ...due, id: idOf('alr', past.id, kind, seq) };
    alerts[kind] = alert;
    outputs.push({ type: 'alert', fact: 'alert.opened', alert, commandId: null, imported: true });
  }
  return alerts;
}

/** Told aloud: whoever heard of the alert must hear that it never was one. */
function withdrawn(alert: AlertState, now: number): JourneyOutput {
  const resolved = resolveAlert(alert, now, null, 'split');
  return { type: 'alert', fact: 'alert.resolved', alert: resolved, commandId: null, imported: false };
}
