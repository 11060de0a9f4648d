import { describe, expect, it } from 'vitest';
import { expectations } from './oracle.ts';
import { MARGIN_MS, STALL_AFTER_MS, createTraffic } from './traffic.ts';
import type { Call, CallBody } from './traffic.ts';

const HOUR = 3_600_000;
let messages = 0;
const call = (happenedAt: number, body: Omit<CallBody, 'messageId' | 'timestamp'>): Call => ({
  workspace: 'w',
  family: 'f',
  happenedAt,
  sentAt: happenedAt,
  repeatedAt: null,
  body: { ...body, messageId: `m${messages++}`, timestamp: '' },
});
const track = (at: number, userId: string, event = 'Page Opened', properties = {}): Call =>
  call(at, { type: 'track', userId, event, properties });
const expected = (...calls: Call[]) =>
  expectations({ startMs: 0, endMs: 0, workspaces: ['w'], hotMoments: [], calls }).map(({ messageIds, ...rest }) => ({
    ...rest,
    calls: messageIds.length,
  }));
const of = { workspace: 'w', family: 'f' };

describe('the oracle', () => {
  it('opens a stall when a silence reaches the limit of the stage, resolved by the buyer’s return', () => {
    expect(expected(track(0, 'u'), track(3 * HOUR, 'u', 'Demo Requested'))).toEqual([
      {
        ...of,
        calls: 2,
        stage: 'engaged',
        won: false,
        alerts: [
          { dueAt: 2 * HOUR, stage: 'new', resolvedBy: 'buyer' },
          { dueAt: 4 * HOUR, stage: 'engaged', resolvedBy: null },
        ],
      },
    ]);
  });

  it('takes our own mail for no return, and a won deal for the end', () => {
    const mail = track(HOUR, 'u', 'Email Sent', { direction: 'outbound' });
    expect(expected(track(0, 'u'), mail, track(5 * HOUR, 'u', 'Deal Won'))).toEqual([
      { ...of, calls: 3, stage: 'new', won: true, alerts: [{ dueAt: 2 * HOUR, stage: 'new', resolvedBy: 'outcome' }] },
    ]);
  });

  it('makes one buyer of two devices and of an account’s people', () => {
    const calls = [
      call(0, { type: 'track', anonymousId: 'laptop', event: 'Page Opened' }),
      call(1, { type: 'track', anonymousId: 'phone', event: 'Page Opened' }),
      track(2, 'stranger'),
      call(3, { type: 'identify', userId: 'u', anonymousId: 'laptop' }),
      call(4, { type: 'identify', userId: 'u', anonymousId: 'phone' }),
      call(5, { type: 'group', userId: 'u', groupId: 'g' }),
      call(6, { type: 'group', userId: 'v', groupId: 'g' }),
    ];
    expect(expected(...calls).map((buyer) => [buyer.calls, buyer.alerts.map(({ dueAt }) => dueAt)])).toEqual([
      [1, [2 + 2 * HOUR]],
      [6, [1 + 2 * HOUR]],
    ]);
  });
});

describe('the traffic', () => {
  it('leaves no silence in doubt: every gap between inbound calls is off its limit by the margin', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const traffic = createTraffic(seed, 0);
      const last = new Map<string, number>();
      for (const { workspace, family, happenedAt, body } of [...traffic.calls].sort(
        (a, b) => a.happenedAt - b.happenedAt,
      )) {
        if (body.type !== 'track' || body.properties?.direction === 'outbound') continue;
        const name = `${workspace} ${family}`;
        const gap = happenedAt - (last.get(name) ?? happenedAt);
        last.set(name, happenedAt);
        for (const limit of Object.values(STALL_AFTER_MS))
          expect(Math.abs(gap - limit)).toBeGreaterThanOrEqual(MARGIN_MS);
      }
    }
  });

  it('follows from the seed alone', () => {
    expect(createTraffic(5, 0)).toEqual(createTraffic(5, 0));
    expect(createTraffic(5, 0)).not.toEqual(createTraffic(6, 0));
  });
});
