import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { check } from './check.ts';
import { createClients } from './client.ts';
import { setUp } from './control.ts';
import { digestOf } from './digest.ts';
import { createReceiver } from './endpoint.ts';
import { createInjector, describeFault, planFaults } from './faults.ts';
import { createFeedView } from './feed.ts';
import { plantBug } from './planted-bugs.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { checkReplay } from './replay-check.ts';
import { serve } from './services.ts';
import { createTraffic } from './traffic.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

export interface Report {
  seed: number;
  faults: readonly string[];
  /** The kinds of faults that were carried out. */
  struck: readonly string[];
  /** What is broken; empty: all invariants hold. */
  violations: readonly string[];
  digest: string;
  counts: { calls: number; records: number; webhooks: number };
}

const SLOTS = ['ingest-1', 'stitcher-1', 'stitcher-2', 'orchestrator-1', 'orchestrator-2', 'feed-1'];
/** A Monday morning. */
const START_MS = Date.UTC(2026, 0, 5, 8);
/** After the last call: every stall comes due, every webhook's last retry is made. */
const DRAIN_MS = 36 * 3_600_000;

/** One whole run: everything in it follows from the seed. */
export async function simulate(seed: number, bug: PlantedBug | null = null): Promise<Report> {
  const traffic = createTraffic(seed, START_MS);
  const faults = planFaults(seed, traffic, SLOTS);
  const errors: string[] = [];
  const onError = (error: unknown): void =>
    void errors.push(`error: ${error instanceof Error ? error.stack : String(error)}`);
  const injector = createInjector();
  const clients = createClients(onError);
  const view = createFeedView();
  const world: World = createWorld({
    seed,
    startMs: START_MS,
    slots: SLOTS,
    serve: (process) => serve(process, { receiver, view }),
    atPoint: injector.atPoint,
    wrapLog: plantBug(bug),
    onError,
  });
  const receiver = createReceiver(world.disk, seededRandom(seed * 3));
  setUp(world, traffic.workspaces);

  for (const slot of SLOTS) world.start(slot);
  injector.arm(world, faults);
  clients.start(world, traffic);
  await world.clock.advance(traffic.endMs - START_MS);
  injector.heal(world);
  await world.clock.advance(DRAIN_MS);

  const clockErrorMs = Math.max(0, ...faults.map(({ action, ms }) => (action === 'clock' ? -ms : 0)));
  const backlogs = await Promise.all(SLOTS.map(async (slot) => (await world.process(slot)?.service?.backlog?.()) ?? 0));
  const undone = backlogs.flatMap((count, i) => (count > 0 ? [`${SLOTS[i]} leaves ${count} records unhandled`] : []));
  const evidence = {
    traffic,
    disk: world.disk,
    acknowledged: clients.acknowledged(),
    received: receiver.received(),
    view,
    clockErrorMs,
  };
  const violations = [...errors, ...undone, ...check(evidence), ...(await checkReplay(world.disk))];
  const { sha256, records } = digestOf(world.disk);
  return {
    seed,
    faults: faults.map(describeFault),
    struck: [...injector.struck()],
    violations,
    digest: sha256,
    counts: { calls: traffic.calls.length, records, webhooks: receiver.received().length },
  };
}
