import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { createMemoryHistory } from '@cairn/history/history.memory.ts';
import { startAdmin } from './admin.ts';
import { check } from './check.ts';
import { checkPeople } from './check-people.ts';
import { createClients } from './client.ts';
import { compareIdentities } from './compare-identities.ts';
import { setUp } from './control.ts';
import { digestOf } from './digest.ts';
import { createReceiver } from './endpoint.ts';
import { createInjector, describeFault, planFaults } from './faults.ts';
import { createFeedView } from './feed.ts';
import { createIdentityTraffic } from './identity-traffic.ts';
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
/** Splits are answered by the history. */
const PEOPLE_SLOTS = [...SLOTS, 'history-1'];
/** A Monday morning. */
const START_MS = Date.UTC(2026, 0, 5, 8);
/** At so many random moments the stitcher's state is held against the oracle. */
const LOOKS = 10;
/** After the last call: every stall comes due, every webhook's last retry is made. */
const DRAIN_MS = 36 * 3_600_000;

/** One whole run: everything in it follows from the seed. */
export async function simulate(
  seed: number,
  bug: PlantedBug | null = null,
  /** With a workspace in which people are merged, split and erased. */
  withPeople = false,
): Promise<Report> {
  const slots = withPeople ? PEOPLE_SLOTS : SLOTS;
  const traffic = createTraffic(seed, START_MS);
  const people = createIdentityTraffic(seed, START_MS);
  const moments = withPeople ? people.orders.map(({ at }) => at) : [];
  const faults = planFaults(seed, { ...traffic, hotMoments: [...traffic.hotMoments, ...moments, ...moments] }, slots);
  const history = createMemoryHistory();
  const errors: string[] = [];
  const onError = (error: unknown): void =>
    void errors.push(`error: ${error instanceof Error ? error.stack : String(error)}`);
  const injector = createInjector();
  const clients = createClients(onError);
  const view = createFeedView();
  const world: World = createWorld({
    seed,
    startMs: START_MS,
    slots,
    serve: (process) => serve(process, { receiver, view, history }),
    atPoint: injector.atPoint,
    wrapLog: plantBug(bug),
    onError,
  });
  const receiver = createReceiver(world.disk, seededRandom(seed * 3));
  setUp(world, withPeople ? [...traffic.workspaces, people.workspace] : traffic.workspaces);

  for (const slot of slots) world.start(slot);
  injector.arm(world, faults);
  clients.start(world, traffic.calls);
  const differences: string[] = [];
  if (withPeople) startPeople();
  await world.clock.advance(traffic.endMs - START_MS);
  injector.heal(world);
  await world.clock.advance(DRAIN_MS);

  const clockErrorMs = Math.max(0, ...faults.map(({ action, ms }) => (action === 'clock' ? -ms : 0)));
  const backlogs = await Promise.all(slots.map(async (slot) => (await world.process(slot)?.service?.backlog?.()) ?? 0));
  const undone = backlogs.flatMap((count, i) => (count > 0 ? [`${slots[i]} leaves ${count} records unhandled`] : []));
  const evidence = {
    traffic,
    disk: world.disk,
    acknowledged: clients.acknowledged(),
    received: receiver.received(),
    view,
    clockErrorMs,
  };
  const violations = [
    ...errors,
    ...undone,
    ...check(evidence),
    ...differences,
    ...(withPeople ? await checkPeople(world.disk, history, people) : []),
    ...(await checkReplay(world.disk)),
  ];
  const { sha256, records } = digestOf(world.disk);
  return {
    seed,
    faults: faults.map(describeFault),
    struck: [...injector.struck()],
    violations,
    digest: sha256,
    counts: { calls: traffic.calls.length, records, webhooks: receiver.received().length },
  };

  function startPeople(): void {
    clients.start(
      world,
      people.calls.map((call) => ({ ...call, workspace: people.workspace, sentAt: call.at })),
    );
    startAdmin(world, people, onError);
    const random = seededRandom(seed * 11);
    for (let look = 0; look < LOOKS; look++)
      world.clock.after(Math.floor(random() * (traffic.endMs - START_MS)), () => {
        // What is wrong once stays wrong: the first is enough.
        if (differences.length === 0) differences.push(...compareIdentities(world.disk, people.workspace));
      });
  }
}
