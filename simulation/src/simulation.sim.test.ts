import { describe, expect, it } from 'vitest';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { simulate } from './simulate.ts';

const SEEDS = 200;

describe('the four services, simulated', () => {
  it(`keep every invariant over ${SEEDS} seeds, whatever breaks at whichever await of a commit cycle`, async () => {
    const struck = new Set<string>();
    const broken: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await simulate(seed);
      for (const kind of report.struck) struck.add(kind);
      if (report.violations.length > 0) broken.push(`npm run sim -- --seed ${seed}: ${report.violations[0]}`);
    }
    expect(broken).toEqual([]);
    for (const task of ['stitcher %s of stitch', 'orchestrator %s of advance', 'orchestrator %s of deliver'])
      for (const action of ['crash', 'break', 'slow'])
        for (const phase of ['before', 'after'])
          expect([...struck]).toContain(task.replace('%s', `${action} ${phase} its next commit`));
    for (const role of ['ingest', 'orchestrator'])
      for (const phase of ['before', 'after']) expect([...struck]).toContain(`${role} crash ${phase} its next append`);
    for (const kind of ['stitcher isolate at once', 'orchestrator isolate at once', 'orchestrator leave at once'])
      expect([...struck]).toContain(kind);
  });

  it('give the same bytes in every run of one seed', async () => {
    for (const seed of [3, 8]) {
      const first = await simulate(seed);
      const second = await simulate(seed);
      expect(second).toEqual(first);
      expect(first.counts.records).toBeGreaterThan(300);
    }
    expect((await simulate(3)).digest).not.toBe((await simulate(8)).digest);
  });
});

describe('a planted bug', () => {
  it.each(PLANTED_BUGS)(`(%s) is found within ${SEEDS} seeds`, async (bug) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await simulate(seed, bug);
      if (violations.length === 0) continue;
      expect((await simulate(seed)).violations).toEqual([]);
      return;
    }
    expect.unreachable(`${bug} was not found`);
  });
});
