import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignPartitions, decodeClaim, encodeClaim, type Claim } from './kafka-assignment.ts';

const fresh = (memberId: string): Claim => ({ memberId, claimedAs: '', holds: [], releases: [], leaving: false });
const holding = (memberId: string, ...holds: number[]): Claim => ({
  memberId,
  claimedAs: memberId,
  holds,
  releases: [],
  leaving: false,
});
const plain = (assigned: Map<string, number[]>): Record<string, number[]> => Object.fromEntries(assigned);

describe('the assignment of partitions', () => {
  it('shares them evenly among new members', () => {
    expect(plain(assignPartitions([fresh('b'), fresh('a'), fresh('c')], 8))).toEqual({
      a: [0, 1, 2],
      b: [3, 4, 5],
      c: [6, 7],
    });
  });

  it('gives a newcomer nothing that is still held, and moves no more than it must', () => {
    expect(plain(assignPartitions([holding('a', 0, 1, 2, 3), fresh('b')], 4))).toEqual({ a: [0, 1], b: [] });
    const releasing: Claim = { ...holding('a', 0, 1), releases: [2] };
    expect(plain(assignPartitions([releasing, { ...holding('b') }], 4))).toEqual({ a: [0, 1], b: [3] });
    expect(plain(assignPartitions([holding('a', 0, 1), holding('b', 3)], 4))).toEqual({ a: [0, 1], b: [2, 3] });
  });

  it('lets everyone keep what they have when nothing has to move', () => {
    expect(plain(assignPartitions([holding('a', 0, 3), holding('b', 1, 2, 4)], 5))).toEqual({
      a: [0, 3],
      b: [1, 2, 4],
    });
  });

  it('gives one that leaves nothing, and the others not yet what it has', () => {
    const leaving: Claim = { ...holding('a'), releases: [0], leaving: true };
    expect(plain(assignPartitions([leaving, holding('b', 1)], 3))).toEqual({ a: [], b: [1, 2] });
  });

  it('ignores what an evicted member thinks it has', () => {
    const zombie: Claim = { ...holding('new-id', 0, 1, 2, 3), claimedAs: 'old-id' };
    expect(plain(assignPartitions([zombie, holding('heir', 0, 1, 2, 3)], 4))).toEqual({ 'new-id': [], heir: [0, 1] });
  });

  it('never gives a partition to two, nor one that another living member holds, and comes to an even share', () => {
    const group = fc.record({
      partitions: fc.integer({ min: 1, max: 16 }),
      members: fc.integer({ min: 1, max: 6 }),
      seed: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 16, maxLength: 16 }),
    });
    fc.assert(
      fc.property(group, ({ partitions, members, seed }) => {
        let claims = Array.from({ length: members }, (_, i): Claim => {
          const mine = seed.flatMap((owner, partition) => (owner === i && partition < partitions ? [partition] : []));
          return { ...holding(`m${i}`, ...mine.filter((p) => p % 3)), releases: mine.filter((p) => p % 3 === 0) };
        });
        for (let round = 0; round < 4; round++) {
          const assigned = assignPartitions(claims, partitions);
          const all = [...assigned.values()].flat();
          expect(new Set(all).size).toBe(all.length);
          for (const [memberId, given] of assigned)
            for (const partition of given)
              for (const other of claims)
                if (other.memberId !== memberId) expect([...other.holds, ...other.releases]).not.toContain(partition);
          claims = claims.map((claim) => holding(claim.memberId, ...assigned.get(claim.memberId)!));
        }
        const sizes = claims.map((claim) => claim.holds.length);
        expect(sizes.reduce((a, b) => a + b)).toBe(partitions);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('reads a claim back, and takes nonsense for none', () => {
    const claim: Claim = { ...holding('a', 1, 2), releases: [3], leaving: true };
    expect(decodeClaim('a', encodeClaim(claim))).toEqual(claim);
    expect(decodeClaim('a', Buffer.from('nonsense'))).toEqual(fresh('a'));
  });
});
