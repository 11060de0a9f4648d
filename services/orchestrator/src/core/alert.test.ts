import { describe, expect, it } from 'vitest';
import {
  acknowledgeAlert,
  alertFactId,
  escalateAlert,
  openAlert,
  resolveAlert,
  snoozeAlert,
  wakeAlert,
} from './alert.ts';
import { ALERT_STEPS_KEPT, type AlertState } from './state.ts';

const reason = {
  text: '',
  silentFor: 'P1D',
  normalPause: null,
  probability: null,
  quietPersonId: null,
  lastTouchpoints: [],
};
const open = openAlert({ journeyId: 'jrn_1', seq: 7, kind: 'stall', stage: 's', at: 100, reason });
const states = (alert: AlertState): string[] => alert.history.map(([, state]) => state);

describe('an alert', () => {
  it('has the same id when it is opened again from the same state, and another after that', () => {
    expect(openAlert({ journeyId: 'jrn_1', seq: 7, kind: 'stall', stage: 's', at: 999, reason }).id).toBe(open.id);
    expect(openAlert({ journeyId: 'jrn_1', seq: 8, kind: 'stall', stage: 's', at: 100, reason }).id).not.toBe(open.id);
  });

  it('goes through its life, each step a fact of its own', () => {
    const snoozed = snoozeAlert(open, 110, 200, 'Ada')!;
    const woken = wakeAlert(snoozed, 200)!;
    const escalated = escalateAlert(woken, 300)!;
    const acknowledged = acknowledgeAlert(escalated, 310, 'Ada')!;
    const resolved = resolveAlert(acknowledged, 320, 'person', 'Ada', 'real');
    expect(states(resolved)).toEqual(['open', 'snoozed', 'open', 'escalated', 'acknowledged', 'resolved']);
    expect(resolved).toMatchObject({ state: 'resolved', resolvedBy: 'person', verdict: 'real', snoozedUntil: null });
    expect(new Set([open, snoozed, woken, escalated, acknowledged, resolved].map(alertFactId)).size).toBe(6);
  });

  it('is open only to the steps that make sense', () => {
    const acknowledged = acknowledgeAlert(open, 110, 'Ada')!;
    expect(acknowledgeAlert(acknowledged, 120, 'Ada')).toBeNull();
    expect(escalateAlert(acknowledged, 120)).toBeNull();
    expect(snoozeAlert(open, 110, 110, 'Ada')).toBeNull();
    expect(wakeAlert(snoozeAlert(open, 110, 200, 'Ada')!, 199)).toBeNull();
    expect(wakeAlert(snoozeAlert(open, 110, null, 'Ada')!, 9_999)).toBeNull();
    expect(snoozeAlert(resolveAlert(open, 110, 'buyer', 'buyer'), 120, 200, 'Ada')).toBeNull();
  });

  it('keeps its opening and its newest steps', () => {
    let alert = open;
    for (let i = 0; i < 50; i++) alert = snoozeAlert(alert, 200 + i, 10_000 + i, 'Ada')!;
    expect(alert.history).toHaveLength(ALERT_STEPS_KEPT);
    expect(states(alert)[0]).toBe('open');
    expect(alert.history.at(-1)![0]).toBe(249);
  });
});
