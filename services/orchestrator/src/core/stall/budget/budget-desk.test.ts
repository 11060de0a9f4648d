import { describe, expect, it } from 'vitest';
import { openDesk, startDay, takeAsk, takeWithdrawal, WAITS_AT_MOST_MS, type BudgetDesk } from './budget-desk.ts';

const MONDAY = 20_000;
const at = (day: number, hour: number): number => (day * 24 + hour) * 3_600_000;

function ask(journeyId: string, askedAt: number, probability = 0.8) {
  return { journeyId, askedAt, probability, place: `ws/${journeyId}`, subjectId: journeyId };
}

/** Asks one after the other on Monday morning; who got a slot. */
function asks(count: number, names: readonly (readonly [string, number])[]): { desk: BudgetDesk; granted: string[] } {
  let desk = openDesk('ws', 'sales', 'Ada');
  const granted: string[] = [];
  names.forEach(([name, probability], i) => {
    const step = takeAsk(desk, ask(name, at(MONDAY, 9) + i, probability), count, MONDAY);
    granted.push(...step.granted.map(({ journeyId }) => journeyId));
    desk = step.desk;
  });
  return { desk, granted };
}

describe('an owner’s slots of a day', () => {
  it('go to whoever is due first; the others wait, the likeliest first', () => {
    const { desk, granted } = asks(2, [['a', 0.7], ['b', 0.7], ['c', 0.71], ['d', 0.9], ['e', 0.71]]); // prettier-ignore
    expect(granted).toEqual(['a', 'b']);
    expect(desk.waiting.map(({ journeyId }) => journeyId)).toEqual(['d', 'c', 'e']);
    const tuesday = startDay(desk, 2, MONDAY + 1, at(MONDAY + 1, 9));
    expect(tuesday.granted.map(({ journeyId }) => journeyId)).toEqual(['d', 'c']);
    expect(takeAsk(tuesday.desk, ask('f', at(MONDAY + 1, 10)), 2, MONDAY + 1).granted).toEqual([]);
    expect(tuesday.desk.totals).toEqual({ opened: 4, waited: 3, dropped: 0, returned: 0 });
  });

  it('are never more than the budget on a day, whatever is asked, withdrawn and started', () => {
    let desk = openDesk('ws', 'sales', 'Ada');
    const perDay = new Map<number, number>();
    for (let i = 0; i < 400; i++) {
      const day = MONDAY + Math.floor(i / 40);
      const name = `j${(i * 7) % 90}`;
      const step =
        i % 11 === 0
          ? takeWithdrawal(desk, name, at(day, 9) + i - 40)
          : i % 40 === 1
            ? startDay(desk, 5, day, at(day, 9))
            : takeAsk(desk, ask(name, at(day, 9) + i), 5, day);
      desk = step.desk;
      perDay.set(day, (perDay.get(day) ?? 0) + step.granted.length);
    }
    expect([...perDay.values()]).toEqual(Array(10).fill(5));
  });

  it('pass over whoever has waited five days, and whose buyer is back', () => {
    const { desk } = asks(1, [['a', 0.7], ['b', 0.9], ['c', 0.8]]); // prettier-ignore
    const without = takeWithdrawal(desk, 'b', at(MONDAY, 9) + 1);
    expect(without.what).toEqual({ returned: 1 });
    expect(takeWithdrawal(without.desk, 'b', at(MONDAY, 9) + 1).desk).toBe(without.desk);
    const late = startDay(without.desk, 1, MONDAY + 5, at(MONDAY, 9) + 2 + WAITS_AT_MOST_MS);
    expect(late.granted).toEqual([]);
    expect(late.what).toEqual({ dropped: 1 });
    expect(late.desk.totals).toEqual({ opened: 1, waited: 2, dropped: 1, returned: 1 });
    const intime = startDay(without.desk, 1, MONDAY + 5, at(MONDAY, 9) + 1 + WAITS_AT_MOST_MS);
    expect(intime.granted.map(({ journeyId }) => journeyId)).toEqual(['c']);
  });

  it('take a journey’s newer question for its older one', () => {
    const { desk } = asks(1, [['a', 0.7], ['b', 0.9]]); // prettier-ignore
    const again = takeAsk(desk, ask('b', at(MONDAY, 15), 0.95), 1, MONDAY).desk;
    expect(again.waiting).toMatchObject([{ journeyId: 'b', askedAt: at(MONDAY, 15) }]);
    // The older question is withdrawn late: the newer one stays.
    expect(takeWithdrawal(again, 'b', at(MONDAY, 9) + 1).desk).toBe(again);
  });

  it('have a line that is no longer than could ever be served', () => {
    const { desk } = asks(
      1,
      Array.from({ length: 150 }, (_, i) => [`j${i}`, 0.5 + i / 1_000] as const),
    );
    expect(desk.waiting).toHaveLength(100);
    expect(desk.waiting[0]!.journeyId).toBe('j149');
    expect(desk.totals).toMatchObject({ waited: 149, dropped: 49 });
  });

  it('go to those who waited before they go to whoever is due first on a new day', () => {
    const { desk } = asks(1, [['a', 0.7], ['b', 0.7]]); // prettier-ignore
    const step = takeAsk(desk, ask('c', at(MONDAY + 1, 9), 0.9), 1, MONDAY + 1);
    expect(step.granted.map(({ journeyId }) => journeyId)).toEqual(['b']);
    expect(step.desk.waiting.map(({ journeyId }) => journeyId)).toEqual(['c']);
    expect(step.what).toEqual({ opened: 1, waiting: 1 });
  });
});
