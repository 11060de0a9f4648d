import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { readTicks, type TickSettings } from './tick-times.ts';
import { replay } from './testkit.ts';

const DEFINITION = `
cairn: journey-definition/1
name: small
unit: person
timezone: Europe/Warsaw
businessHours: { days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00" }
alerts: { anyHour: true }
stages:
  - name: looking
    stall: { after: 3 business days }
  - name: talking
    enter: { event: Demo Requested }
    stall: { after: 2 days }
outcomes:
  won: { enter: { event: Deal Won } }
  lost: { enter: { event: Deal Lost } }
score:
  engagement:
    halfLife: 7 days
    points: [ { name: any touch, when: { direction: inbound }, add: 1 } ]
`;

const track = (userId: string, event: string, timestamp: string, more: Record<string, unknown> = {}) => ({
  type: 'track',
  userId,
  event,
  timestamp,
  ...more,
});

const noon = readTicks('12:00', null) as TickSettings;

describe('a replay', () => {
  it('opens an alert when its time comes, between the touchpoints, and resolves it by the return', () => {
    const { alerts } = replay(DEFINITION, [
      track('ann', 'Page Read', '2026-01-09T14:00:00Z'),
      track('bob', 'Page Read', '2026-01-13T09:00:00Z'),
      track('ann', 'Page Read', '2026-01-15T10:00:00Z'),
    ]);
    expect(alerts).toMatchObject([
      // 3 business days after Friday 15:00 in Warsaw.
      { at: '2026-01-14T14:00:00.000Z', type: 'alert.opened', kind: 'stall', stage: 'looking', silentFor: 'P5D' },
      { at: '2026-01-15T10:00:00.000Z', type: 'alert.resolved', resolvedBy: 'buyer' },
    ]);
    expect(alerts[0]!.subject).toEqual({ unit: 'person', key: 'ann' });
  });

  it('lets time go on until the moment that is asked for, and reads nothing later', () => {
    const items = [track('ann', 'Demo Requested', '2026-01-05T10:00:00Z'), track('ann', 'x', '2026-01-08T00:00:00Z')];
    const until = replay(DEFINITION, items, { until: Date.parse('2026-01-07T10:00:00Z') });
    expect(until.counts.touchpoints).toBe(1);
    expect(until.alerts.map(({ at, type }) => [at, type])).toEqual([['2026-01-07T10:00:00.000Z', 'alert.opened']]);
    expect(replay(DEFINITION, items.slice(0, 1)).alerts).toEqual([]);
    const exact = replay(DEFINITION, items, { until: Date.parse('2026-01-08T00:00:00Z') });
    expect(exact.counts.touchpoints).toBe(2);
  });

  it('has seen at a tick what came up to its moment, and not what comes after', () => {
    const { scores } = replay(
      DEFINITION,
      [
        track('ann', 'a', '2026-01-05T10:59:59.999Z'),
        track('bob', 'a', '2026-01-05T11:00:00.000Z'),
        track('cat', 'a', '2026-01-05T11:00:00.001Z'),
        track('ann', 'Deal Won', '2026-01-06T10:00:00Z'),
        track('dan', 'a', '2026-01-06T11:00:00Z'),
      ],
      { ticks: noon },
    );
    const seen = scores.map(({ at, subject }) => [at, (subject as { key: string }).key]);
    expect(seen).toEqual([
      ['2026-01-05T11:00:00.000Z', 'ann'],
      ['2026-01-05T11:00:00.000Z', 'bob'],
      ['2026-01-06T11:00:00.000Z', 'bob'],
      ['2026-01-06T11:00:00.000Z', 'cat'],
      ['2026-01-06T11:00:00.000Z', 'dan'],
    ]);
  });

  it('scores a journey right after each touchpoint of an event', () => {
    const { scores } = replay(
      DEFINITION,
      [
        track('ann', 'a', '2026-01-05T10:00:00Z'),
        track('ann', 'Demo Requested', '2026-01-05T10:00:00Z'),
        track('bob', 'Demo Requested', '2026-01-06T10:00:00Z'),
        track('ann', 'Deal Won', '2026-01-07T10:00:00Z'),
      ],
      { scoreOn: 'Demo Requested' },
    );
    expect(scores).toMatchObject([
      { at: '2026-01-05T10:00:00.000Z', subject: { key: 'ann' }, stage: 'talking', engagement: 2 },
      { at: '2026-01-06T10:00:00.000Z', subject: { key: 'bob' }, stage: 'talking', engagement: 1 },
    ]);
  });

  it('keeps the order of the file for equal times', () => {
    const at = '2026-01-05T10:00:00Z';
    const { transitions } = replay(DEFINITION, [
      track('ann', 'Deal Lost', at),
      track('ann', 'Demo Requested', at),
      track('ann', 'Deal Won', at),
    ]);
    expect(transitions.map(({ to }) => to)).toEqual(['lost', 'talking', 'won']);
  });

  it('drops a messageId that came before, and counts what is refused', () => {
    const { counts, refused } = replay(DEFINITION, [
      track('ann', 'a', '2026-01-05T10:00:00Z', { messageId: 'm1' }),
      track('ann', 'a', '2026-01-05T10:00:01Z', { messageId: 'm1' }),
      { type: 'track', userId: 'ann', timestamp: '2026-01-05T10:00:02Z' },
    ]);
    expect(counts).toMatchObject({ touchpoints: 1, duplicates: 1 });
    expect(refused).toEqual(['missing-event']);
  });

  it('takes a touchpoint as received when it happened, whatever the client says of sending it', () => {
    const { counts, scores } = replay(
      DEFINITION,
      [
        track('ann', 'a', '2026-01-05T10:00:00Z', { sentAt: '2026-01-05T10:00:05Z' }),
        track('bob', 'a', '2026-01-05T12:00:00Z', {
          sentAt: '2026-01-05T12:00:10Z',
          receivedAt: '2026-01-05T11:30:10Z',
        }),
      ],
      { scoreOn: 'a' },
    );
    expect(counts.touchpoints).toBe(2);
    expect(scores.map(({ lastInboundAt }) => lastInboundAt)).toEqual([
      '2026-01-05T10:00:00.000Z',
      '2026-01-05T11:30:00.000Z',
    ]);
  });
});

describe('replays of random touchpoints', () => {
  const random = seededRandom(3);
  const start = Date.parse('2026-03-20T00:00:00Z');
  const items = Array.from({ length: 120 }, (_, i) => {
    const draw = random();
    const at = new Date(start + Math.floor(i * 14_400_000 * (0.5 + random()))).toISOString();
    const event = draw < 0.1 ? 'Demo Requested' : draw < 0.13 ? 'Deal Won' : draw < 0.16 ? 'Deal Lost' : 'Page Read';
    return track(`user-${Math.floor(random() * 25)}`, event, at, { messageId: `m${i}` });
  }).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  const plain = replay(DEFINITION, items);

  it('have alerts at all', () => {
    expect(plain.alerts.length).toBeGreaterThan(10);
  });

  it('say the same twice', () => {
    const again = replay(DEFINITION, items);
    expect(JSON.stringify([again.alerts, again.transitions])).toBe(JSON.stringify([plain.alerts, plain.transitions]));
  });

  it('alert and change the same, whatever ticks look on', () => {
    const ticked = replay(DEFINITION, items, { ticks: noon, scoreOn: 'Page Read' });
    expect(ticked.alerts).toEqual(plain.alerts);
    expect(ticked.transitions).toEqual(plain.transitions);
    const fewer = replay(DEFINITION, items, { ticks: readTicks('12:00', '2026-04-01..2026-04-03') as TickSettings });
    const days = new Set(fewer.scores.map(({ at }) => at));
    expect(days.size).toBe(3);
    expect(fewer.scores).toEqual(
      ticked.scores.filter(({ at }) => days.has(at) && (at as string).endsWith('T10:00:00.000Z')),
    );
  });

  it('say of a prefix a prefix of what they say of the whole', () => {
    const ticked = replay(DEFINITION, items, { ticks: noon });
    for (const length of [1, 75, 119]) {
      const part = replay(DEFINITION, items.slice(0, length), { ticks: noon });
      const isPrefix = (some: readonly unknown[], all: readonly unknown[]): void =>
        expect(some).toEqual(all.slice(0, some.length));
      isPrefix(part.alerts, ticked.alerts);
      isPrefix(part.transitions, ticked.transitions);
      isPrefix(part.scores, ticked.scores);
    }
  });

  it('open no alert on a day off where the limit is in business days', () => {
    for (const { at, type, stage } of plain.alerts)
      if (type === 'alert.opened' && stage === 'looking')
        expect([0, 6]).not.toContain(new Date(Date.parse(at) + 2 * 3_600_000).getUTCDay());
  });
});
