import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatInstant } from '@cairn/clock/calendar.ts';
import { NOON, journey, person } from '../testkit/facts.ts';
import { conflate } from './conflate.ts';
import { identifierVariants } from './identifier-variants.ts';
import { presentJourney } from './present-journey.ts';
import { presentPerson } from './present-person.ts';
import { appendReference, lastReference, unpackReferences } from './references.ts';
import { decodePlace, encodePlace, isAfterPlace } from './timeline-place.ts';

describe('conflating', () => {
  test('keeps the newest of each key at its own place, and everything without a key', () => {
    const frame = (key: string | null, n: number) => ({ key, n });
    const frames = [frame('a', 1), frame(null, 2), frame('b', 3), frame('a', 4), frame(null, 5)];
    expect(conflate(frames).map(({ n }) => n)).toEqual([2, 3, 4, 5]);
  });
});

describe('a journey as of now', () => {
  const now = NOON + 7 * 86_400_000;
  const faded = presentJourney(
    journey('w1', 'acme', {
      halfLifeMs: 7 * 86_400_000,
      score: {
        engagement: 10,
        fit: 20,
        total: 30,
        qualification: 'mql',
        winProbability: null,
        reasons: [
          { name: 'pricing page', points: 10, touchpointId: 'tp_1' },
          { name: 'ICP size', points: 20, touchpointId: null },
        ],
      },
    }),
    now,
  );
  test('engagement has halved after a half-life, fit and qualification have not', () => {
    expect(faded.score).toMatchObject({ engagement: 5, fit: 20, total: 25, qualification: 'mql' });
    expect(faded.score.reasons.map(({ points }) => points)).toEqual([5, 20]);
  });
  test('silence counts up to now', () => {
    expect(faded.pace.silentFor).toBe('P7D');
  });
  test('without a half-life, and before its own update, nothing fades', () => {
    expect(presentJourney(journey('w1', 'acme'), now).score.total).toBe(15);
    expect(presentJourney(journey('w1', 'acme', { halfLifeMs: 1_000 }), NOON - 5_000).score.total).toBe(15);
  });
  test('who never came in has no silence', () => {
    const pace = { ...journey('w1', 'a').pace, lastInboundAt: null, silentFor: null };
    expect(presentJourney(journey('w1', 'acme', { pace }), now).pace.silentFor).toBeNull();
  });
});

test('a person’s times are text, and how an id was first written is nobody’s business', () => {
  const { person: of } = person('w1', 'per_1', {
    ids: [{ namespace: 'email', value: 'a@b.example', raw: 'A@B.example', firstSeen: NOON, shared: false }],
    accounts: [{ accountId: 'acc_1', from: NOON, to: null, source: 'group' }],
  });
  const scene = { livingAccount: (id: string) => id, story: { merges: [], splits: [], decisions: [] } };
  expect(presentPerson(of, scene)).toMatchObject({
    ids: [{ namespace: 'email', value: 'a@b.example', firstSeen: formatInstant(NOON), shared: false }],
    accounts: [{ accountId: 'acc_1', from: formatInstant(NOON), to: null, source: 'group' }],
  });
  expect(JSON.stringify(presentPerson(of, scene))).not.toContain('A@B');
});

describe('references', () => {
  test('any rising sequence comes back, the oldest dropped in lumps', () => {
    const steps = fc.array(fc.record({ gap: fc.bigInt(1n, 2n ** 40n), marked: fc.boolean() }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 60n), steps, (start, given) => {
        let offset = start;
        const all = given.map(({ gap, marked }) => ({ offset: (offset += gap), marked }));
        let packed: Uint8Array | null = null;
        for (const reference of all) packed = appendReference(packed, reference, 8);
        const { list, completeFrom } = unpackReferences(packed);
        expect(list.length).toBeGreaterThanOrEqual(Math.min(all.length, 8));
        expect(list.length).toBeLessThanOrEqual(10);
        expect(list).toEqual(all.slice(-list.length));
        expect(lastReference(packed)).toBe(all.at(-1)!.offset);
        expect(completeFrom).toBe(list.length === all.length ? 0n : list[0]!.offset);
      }),
    );
  });
  test('a hole starts completeness anew and keeps what is known', () => {
    let packed = appendReference(null, { offset: 3n, marked: true }, 8);
    packed = appendReference(packed, { offset: 9n, marked: false }, 8, true);
    expect(unpackReferences(packed)).toEqual({
      list: [
        { offset: 3n, marked: true },
        { offset: 9n, marked: false },
      ],
      completeFrom: 9n,
    });
    expect(unpackReferences(appendReference(null, { offset: 5n, marked: false }, 8, true)).completeFrom).toBe(5n);
  });
  test('nothing is an empty list', () => {
    expect(unpackReferences(null)).toEqual({ list: [], completeFrom: 0n });
    expect(lastReference(null)).toBe(-1n);
  });
});

describe('places of a timeline', () => {
  test('survive their text', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), (at, id) => {
        expect(decodePlace(encodePlace({ at, id }))).toEqual({ at, id: id.toWellFormed() });
      }),
    );
  });
  test.each(['', '!', 'bm9wZQ', 'x'.repeat(500)])('%j is none', (text) => {
    expect(decodePlace(text)).toBeNull();
  });
  test('newest first, then by id', () => {
    expect(isAfterPlace({ at: 1, id: 'b' }, { at: 2, id: 'a' })).toBe(true);
    expect(isAfterPlace({ at: 2, id: 'a' }, { at: 2, id: 'b' })).toBe(true);
    expect(isAfterPlace({ at: 2, id: 'b' }, { at: 2, id: 'b' })).toBe(false);
  });
});

test('an identifier is looked for in the forms the stitcher would keep', () => {
  expect(identifierVariants('email', ' Ann@Acme.Example ')).toContain('ann@acme.example');
  expect(identifierVariants('phone', ' 48 601 234 567')).toContain('+48601234567');
  expect(identifierVariants('userId', 'CaseMatters')).toEqual(['CaseMatters']);
});
