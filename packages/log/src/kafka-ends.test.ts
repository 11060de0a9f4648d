import { describe, expect, it } from 'vitest';
import { createEnds, type EndsAsked } from './kafka-ends.ts';

function broker(ends: Record<number, bigint>, isAway = false) {
  const requests: number[][] = [];
  const cluster: EndsAsked = {
    listOffsets: async (_topic, _which, partitions) => {
      requests.push([...partitions]);
      if (isAway) throw new Error('away');
      return new Map(partitions.map((partition) => [partition, ends[partition]!]));
    },
  };
  return { cluster, requests };
}

describe('the ends of partitions', () => {
  it('asked for in one turn are one request', async () => {
    const { cluster, requests } = broker({ 0: 5n, 3: 7n });
    const endOf = createEnds('inbox');
    expect(await Promise.all([endOf(cluster, 0), endOf(cluster, 3)])).toEqual([5n, 7n]);
    expect(requests).toEqual([[0, 3]]);
  });

  it('are never told by a request that was sent before', async () => {
    const ends = { 0: 5n };
    const { cluster, requests } = broker(ends);
    const endOf = createEnds('inbox');
    const before = endOf(cluster, 0);
    await Promise.resolve();
    ends[0] = 6n;
    expect([await endOf(cluster, 0), await before]).toEqual([6n, 5n]);
    expect(requests).toHaveLength(2);
  });

  it('are asked for one by one where the connection of the first has gone', async () => {
    const gone = broker({}, true);
    const { cluster, requests } = broker({ 1: 9n });
    const endOf = createEnds('inbox');
    const [first, second] = await Promise.allSettled([endOf(gone.cluster, 0), endOf(cluster, 1)]);
    expect(first.status).toBe('rejected');
    expect(second).toEqual({ status: 'fulfilled', value: 9n });
    expect(requests).toEqual([[1]]);
  });
});
