import { expect, it } from 'vitest';
import { createTown } from './ground-truth.ts';
import { judge } from './judge.ts';

it('a town is the same for a seed, and people are told apart in it: nobody is put together who is not one, few are in pieces', () => {
  const options = { people: 150, visits: 6 };
  expect(createTown(3, options)).toEqual(createTown(3, options));
  expect(createTown(3, options)).not.toEqual(createTown(4, options));
  for (const seed of [1, 2, 3]) {
    const found = judge(createTown(seed, options));
    // What is lost is what nobody could know: pages on a tablet or a kiosk before anyone signs in.
    expect(found.precisionOfKnown).toBeGreaterThan(0.93);
    expect(found.recallOfKnown).toBeGreaterThan(0.93);
  }
});

it('a judge that is shown one person as two, or two as one, says so', () => {
  const page = (who: number, anonymousId: string, userId?: string, n = 0) => ({
    who,
    call: {
      type: 'page' as const,
      anonymousId,
      ...(userId ? { userId } : {}),
      messageId: `${who} ${anonymousId} ${n}`,
    },
  });
  const inPieces = judge([page(1, 'a', 'u'), page(1, 'a', 'u', 1), page(1, 'b', 'v'), page(1, 'b', 'v', 1)]);
  expect(inPieces).toMatchObject({ precision: 1, recall: 0.3333, overMerged: 0, underMerged: 1 });
  const put = judge([page(1, 'a', 'u'), page(2, 'a')]);
  expect(put).toMatchObject({ precisionOfKnown: 0, overMerged: 1 });
});
