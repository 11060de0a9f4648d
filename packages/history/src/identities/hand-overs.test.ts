import { describe, expect, it } from 'vitest';
import { firstStep, FOREVER, holdingsOf, type HandOver } from './hand-overs.ts';

const over = (subjectId: string, intoId: string, offset: number, version: number): HandOver => ({
  subjectId,
  intoId,
  offset: BigInt(offset),
  version: BigInt(version) * 1_000_000n + BigInt(offset),
});

function holdings(all: readonly HandOver[], subjectId: string): Promise<[string, number, number | null][]> {
  return holdingsOf(subjectId, {
    all: (ids) => Promise.resolve(all.filter((one) => ids.includes(one.subjectId))),
    into: (ids) => Promise.resolve(all.filter((one) => ids.includes(one.intoId)).map((one) => one.subjectId)),
  }).then((found) =>
    found.map(({ subjectId: id, offsets }) => [
      id,
      Number(offsets.low),
      offsets.high === FOREVER ? null : Number(offsets.high),
    ]),
  );
}

describe('what a subject holds', () => {
  it('is all of its own, and all that one had who was handed over to it', async () => {
    const all = [over('ann', 'acme', 9, 90)];
    expect(await holdings(all, 'acme')).toEqual([
      ['acme', 0, null],
      ['ann', 0, 9],
    ]);
    expect(await holdings([], 'ann')).toEqual([['ann', 0, null]]);
  });

  it('of a person who left it and went to another is the time before', async () => {
    const all = [over('ann', 'acme', 9, 90), over('ann', 'globex', 30, 300)];
    expect(await holdings(all, 'acme')).toContainEqual(['ann', 0, 9]);
    expect(await holdings(all, 'globex')).toContainEqual(['ann', 9, 30]);
    expect(await holdings(all, 'ann')).toEqual([['ann', 30, null]]);
  });

  it('goes along when it is handed over itself, and what comes to it later does not', async () => {
    const all = [over('ann', 'acme', 9, 90), over('acme', 'crm', 5, 200), over('bob', 'acme', 4, 250)];
    expect(await holdings(all, 'crm')).toEqual([
      ['crm', 0, null],
      ['acme', 0, 5],
      ['ann', 0, 9],
    ]);
    expect(await holdings(all, 'acme')).toEqual([
      ['acme', 5, null],
      ['bob', 0, 4],
    ]);
  });

  it('is its own again once it was derived anew', async () => {
    const all = [over('ann', 'acme', 9, 90), over('ann', '', 12, 120)];
    expect(await holdings(all, 'acme')).toEqual([['acme', 0, null]]);
    expect(await holdings(all, 'ann')).toEqual([['ann', 0, null]]);
  });

  it('is the same where one was handed over and came back', async () => {
    const all = [over('ann', 'acme', 9, 90), over('acme', 'ann', 7, 150)];
    expect(await holdings(all, 'ann')).toEqual([
      ['ann', 9, null],
      ['acme', 0, 7],
      ['ann', 0, 9],
    ]);
  });
});

describe('where a touchpoint went', () => {
  const all = [over('ann', 'globex', 30, 300), over('ann', 'acme', 9, 90), over('ann', 'acme', 9, 90)];
  it('is the first hand-over after it, in whatever order they are found, and told twice or not', () => {
    expect(firstStep(all, { offset: 8n })?.intoId).toBe('acme');
    expect(firstStep(all, { offset: 9n })?.intoId).toBe('globex');
    expect(firstStep(all, { offset: 31n })).toBeNull();
    const moved = (ms: bigint): string | undefined => firstStep(all, { version: ms * 1_000_000n + 500n })?.intoId;
    // In the same millisecond: along with it.
    expect([89n, 90n, 91n, 300n, 301n].map(moved)).toEqual(['acme', 'acme', 'globex', 'globex', undefined]);
    expect(firstStep([], { offset: 0n })).toBeNull();
  });
});
