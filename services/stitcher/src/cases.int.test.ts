import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseFiles, waitOf } from './testkit/case-files.ts';
import { differences } from './testkit/run-case.ts';
import { startServiceWorld, type ServiceWorld } from './testkit/service-world.ts';

/** Stepping a service's clock through weeks, a second at a time, would say nothing that the pure core does not say. */
const WAIT_MS_MAX = 60_000;

describe.each(caseFiles())('the named cases of $file, through the service on a log', ({ cases }) => {
  let world: ServiceWorld;
  beforeAll(async () => void (world = await startServiceWorld()));
  afterAll(() => world.stop());
  const short = cases.filter((stitchCase) => waitOf(stitchCase) <= WAIT_MS_MAX);
  it.each(short)('$name', async (stitchCase) =>
    expect(differences(stitchCase, await world.run(stitchCase))).toEqual([]),
  );
});
