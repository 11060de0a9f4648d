import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Position } from './cursor.ts';
import { type Place, after, positionAfter, resume } from './resume.ts';

const place = (offset: number, sub = 0, of = 1, partition = 0): Place => ({
  partition,
  offset: BigInt(offset),
  sub,
  of,
});
const at = (offset: number, sub = 0): Position => ({ offsets: new Map([[0, BigInt(offset)]]), sub });
const history = (frames: Place[], until: number, completeFrom = 0) => ({
  frames,
  until: new Map([[0, BigInt(until)]]),
  completeFrom: new Map([[0, BigInt(completeFrom)]]),
});

describe('resuming', () => {
  test('what was kept after the position is missed, what came meanwhile follows', () => {
    const kept = history([place(1), place(3), place(5)], 6);
    expect(resume(at(3), kept, [place(5), place(8)])).toEqual({
      missed: [place(3), place(5)],
      then: [place(8)],
      position: { offsets: new Map([[0, 6n]]), sub: 0 },
    });
  });

  test('between the two frames of a record only the second is missed', () => {
    const kept = history([place(3, 0, 2), place(3, 1, 2)], 4);
    expect(resume(at(3, 1), kept, [])).toMatchObject({ missed: [place(3, 1, 2)] });
  });

  test('nothing missed is no gap', () => {
    expect(resume(at(6), history([], 6), [])).toMatchObject({ missed: [], then: [] });
  });

  test('a channel that never had a message has a position', () => {
    const empty = { frames: [], until: new Map(), completeFrom: new Map() };
    expect(resume({ offsets: new Map(), sub: 0 }, empty, [place(0)])).toMatchObject({ missed: [], then: [place(0)] });
  });

  test('a position before what is complete is a gap', () => {
    expect(resume(at(2), history([place(5)], 6, 3), [])).toBe('gap');
    expect(resume(at(3), history([place(5)], 6, 3), [])).not.toBe('gap');
    expect(resume({ offsets: new Map(), sub: 0 }, history([place(5)], 6, 3), [])).toBe('gap');
  });

  test('a position from the future is a gap', () => {
    expect(resume(at(7), history([], 6), [])).toBe('gap');
    expect(resume({ offsets: new Map([[4, 1n]]), sub: 0 }, history([], 6), [])).toBe('gap');
  });
});

test('after the last frame of a record comes the next record', () => {
  expect(positionAfter(place(3, 0, 2))).toEqual({ offset: 3n, sub: 1 });
  expect(positionAfter(place(3, 1, 2))).toEqual({ offset: 4n, sub: 0 });
});

test('wherever the history ends and the live frames begin, every frame after the position is told exactly once', () => {
  const records = fc.array(fc.record({ partition: fc.nat(2), of: fc.integer({ min: 1, max: 2 }) }), { maxLength: 30 });
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(), fc.nat(), (given, seenSeed, untilSeed, liveSeed) => {
      const next = new Map<number, bigint>();
      const frames = given.flatMap(({ partition, of }) => {
        const offset = next.get(partition) ?? 0n;
        next.set(partition, offset + 1n);
        return Array.from({ length: of }, (_, sub) => ({ partition, offset, sub, of, log: 0 }));
      });
      // Everything is one sequence here: seen < until, live starts somewhere before until (an overlap) and runs to the end.
      const until = frames.length ? untilSeed % (frames.length + 1) : 0;
      const whole = until > 0 && frames[until - 1]!.sub + 1 < frames[until - 1]!.of ? until - 1 : until;
      const seen = whole ? seenSeed % (whole + 1) : 0;
      const live = whole ? liveSeed % (whole + 1) : 0;
      const offsetsUpTo = (count: number): Map<number, bigint> => {
        const offsets = new Map<number, bigint>();
        for (const frame of frames.slice(0, count)) offsets.set(frame.partition, positionAfter(frame).offset);
        return offsets;
      };
      const last = frames[seen - 1];
      const inside = last && positionAfter(last).sub > 0;
      // A position inside of a record only ever names that record's partition: here it is taken at the record's end.
      if (inside) return;
      const position = { offsets: offsetsUpTo(seen), sub: 0 };
      const result = resume(
        position,
        { frames: frames.slice(0, whole), until: offsetsUpTo(whole), completeFrom: new Map() },
        frames.slice(live),
      );
      if (result === 'gap') throw new Error('no gap here');
      expect([...result.missed, ...result.then]).toEqual(frames.slice(seen));
    }),
  );
});

test('after a snapshot only what is newer than its position follows', () => {
  expect(after(at(5), [place(3), place(4), place(5), place(6)])).toEqual([place(5), place(6)]);
});
