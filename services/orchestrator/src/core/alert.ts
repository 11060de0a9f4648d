/**
 * An alert's life: opened, acknowledged, snoozed, escalated, resolved by the buyer's return, by a person, by the outcome. Each step
 * gives the alert after it, or null where it is not open to that step. Decides nothing of when a journey stalls.
 */
import { idOf } from '@cairn/contracts/ids.ts';
import type { AlertReason } from '@cairn/contracts/generated/alert.ts';
import { ALERT_STEPS_KEPT, type AlertKind, type AlertState, type AlertStepState } from './state.ts';

export interface AlertOpening {
  journeyId: string;
  /** The journey's seq before this change: no two alerts of a journey have the same. */
  seq: number;
  kind: AlertKind;
  stage: string;
  at: number;
  reason: AlertReason;
}

export function openAlert({ journeyId, seq, kind, stage, at, reason }: AlertOpening): AlertState {
  return {
    id: idOf('alr', journeyId, kind, seq),
    kind,
    stage,
    state: 'open',
    openedAt: at,
    reason,
    snoozedUntil: null,
    verdict: null,
    resolvedBy: null,
    history: [[at, 'open', 'clock']],
  };
}

export function acknowledgeAlert(alert: AlertState, at: number, by: string): AlertState | null {
  if (alert.state !== 'open' && alert.state !== 'snoozed') return null;
  return { ...alert, state: 'acknowledged', snoozedUntil: null, history: step(alert, at, 'acknowledged', by) };
}

/** `until` null: until the buyer is back. */
export function snoozeAlert(alert: AlertState, at: number, until: number | null, by: string): AlertState | null {
  if (alert.state === 'resolved' || (until !== null && until <= at)) return null;
  return { ...alert, state: 'snoozed', snoozedUntil: until, history: step(alert, at, 'snoozed', by) };
}

/** The snooze is over: open again. */
export function wakeAlert(alert: AlertState, at: number): AlertState | null {
  if (alert.state !== 'snoozed' || alert.snoozedUntil === null || alert.snoozedUntil > at) return null;
  return { ...alert, state: 'open', snoozedUntil: null, history: step(alert, at, 'open', 'clock') };
}

/** Only what nobody has looked at yet. */
export function escalateAlert(alert: AlertState, at: number): AlertState | null {
  return alert.state === 'open' ? { ...alert, history: step(alert, at, 'escalated', 'clock') } : null;
}

export function resolveAlert(
  alert: AlertState,
  at: number,
  resolvedBy: AlertState['resolvedBy'],
  by: string,
  verdict: AlertState['verdict'] = null,
): AlertState {
  return {
    ...alert,
    state: 'resolved',
    snoozedUntil: null,
    resolvedBy,
    verdict,
    history: step(alert, at, 'resolved', by),
  };
}

/** The same for a retry; another for each step. */
export function alertFactId(alert: AlertState): string {
  const [at, state] = alert.history.at(-1)!;
  return idOf('fct', alert.id, state, at, alert.history.length);
}

function step(alert: AlertState, at: number, state: AlertStepState, by: string): AlertState['history'] {
  const history = [...alert.history, [at, state, by] as const];
  // The opening stays: everything else may be told from it.
  return history.length > ALERT_STEPS_KEPT ? [history[0]!, ...history.slice(1 - ALERT_STEPS_KEPT)] : history;
}
