import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { IdentityFile, Person } from '@cairn/contracts/generated/identity.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { accountId } from '@cairn/contracts/ids.ts';
import type { History } from '@cairn/history/history.ts';
import { squash } from '@cairn/history/identities/squash.ts';
import type { Call } from '@cairn/stitcher/testkit/touchpoint-of.ts';
import { compareIdentities, plainGraphOf } from '../compare-identities.ts';
import { createIdentityTraffic, type Order } from '../identity-traffic.ts';
import { createBreakingHistory } from './breaking-history.ts';
import { compareHistory } from './history-says.ts';
import { startIdentityWorld, STARTED_AT, type IdentityWorld } from './identity-world.ts';

/**
 * One seed's people in a real ClickHouse: the traffic and the orders of `identity-traffic.ts` through stitcher, orchestrator and sink, whose
 * answers get lost and which dies, with squash jobs beside it; at random points everything is held against the oracle. Returns what differs.
 */
export async function runOnHistory(history: History, seed: number, run = ''): Promise<string[]> {
  const random = seededRandom(seed * 13 + 3);
  const chance = (share: number): boolean => random() < share;
  // Of its own in a history that is used for several.
  const workspace = `people-${seed}${run}`;
  const broken = createBreakingHistory(history, workspace, seededRandom(seed * 17 + 1));
  const world = await startIdentityWorld(seed, broken.serve);
  const traffic = createIdentityTraffic(seed, STARTED_AT);
  const steps = [
    ...traffic.calls.flatMap(({ at, repeatedAt, body }) => [
      { at, body, order: null },
      ...(repeatedAt === null ? [] : [{ at: repeatedAt, body, order: null }]),
    ]),
    ...traffic.orders.map((order) => ({ at: order.at, body: null, order })),
  ].sort((a, b) => a.at - b.at);
  const faults: string[] = [];
  const squashes: Promise<unknown>[] = [];
  const squashNow = (): Promise<unknown> => squash(broken.watched, world.clock.now() + FAR);
  try {
    await world.define(workspace, DEFINITION);
    broken.loseAnswers(0.03);
    for (const { at, body, order } of steps) {
      if (at > world.clock.now()) await world.clock.advance(at - world.clock.now());
      if (body) {
        const { timestamp, ...call } = body;
        const said = { ...call, at: Date.parse(String(timestamp)) - STARTED_AT } as unknown as Call;
        await world.send({ workspace, call: said });
      } else await world.send({ workspace, command: order.command, params: paramsOf(world, workspace, order) });
      if (chance(0.08)) squashes.push(squashNow().catch((error: unknown) => faults.push(String(error))));
      if (chance(0.05)) await broken.restart();
      if (chance(0.06)) await look(`at ${at - STARTED_AT} ms`);
      if (faults.length > 0) return faults;
    }
    await look('at the end');
    await squashNow();
    await look('squashed');
  } finally {
    broken.loseAnswers(0);
    await Promise.allSettled(squashes);
    await world.stop();
  }
  return faults;

  async function look(when: string): Promise<void> {
    await broken.settle(world.clock);
    const found = [
      ...broken.faults,
      ...compareIdentities(world.log.disk, workspace, world.log.partitions('touchpoints')),
      ...(await compareHistory(history, toldOf(world, workspace), { ...SCOPE, workspace })),
    ];
    faults.push(...found.map((fault) => `${when}: ${fault}`));
  }
}

/** Squash takes what is a day old. */
const FAR = 30 * 86_400_000;
const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - name: awareness
  - { name: evaluation, enter: { event: Demo Requested }, stall: { after: 3 hours } }
`;
const SCOPE = {
  definition: 'deals',
  stages: ['awareness', 'evaluation'],
  from: null,
  to: null,
  segment: null,
};

function toldOf(world: IdentityWorld, workspace: string) {
  const graph = plainGraphOf(world.log.disk, workspace, 'end', world.log.partitions('touchpoints'));
  const last = new Map<string, JourneyChanged['journey']>();
  for (const fact of world.values<JourneyChanged>('journeys'))
    if (fact.workspace === workspace && 'journey' in fact) last.set(fact.journey.id, fact.journey);
  const left = new Set(graph.people.filter(({ gone }) => gone === 'erased').map(({ id }) => id));
  const journeys = [...last.values()].filter(
    ({ absorbedInto, subject }) => absorbedInto === null && !left.has(subject.id),
  );
  const events = new Map<string, string>();
  for (const { type, workspace: of, id, event } of world.values<Touchpoint>('touchpoints'))
    if (type === 'touchpoint.admitted' && of === workspace && event) events.set(id, event);
  return { graph, journeys, events };
}

/** As an admin would: looks up in what was told who holds an identifier. */
function paramsOf(world: IdentityWorld, workspace: string, order: Order): Record<string, unknown> {
  const told = world
    .values<IdentityFile>('identities')
    .flatMap((fact) => (fact.workspace === workspace && fact.type === 'person.changed' ? [fact.person] : []));
  const holds = (person: Person, key: string): boolean =>
    person.ids.some(({ namespace, value, shared }) => !shared && `${namespace}:${value}` === key);
  const idOf = (key: string): string =>
    order.byFirstId ? (told.find((person) => holds(person, key))?.id ?? 'nobody') : world.personOf(workspace, key);
  const cutOf = (key: string): { namespace: string; value: string } => ({
    namespace: key.slice(0, key.indexOf(':')),
    value: key.slice(key.indexOf(':') + 1),
  });
  const { who, other, groupId } = order;
  switch (order.command) {
    case 'merge':
      return { from: idOf(who), into: idOf(other) };
    case 'split': {
      const cut = [who, ...(other !== who && idOf(other) === idOf(who) ? [other] : [])];
      return { personId: idOf(who), cut: cut.map(cutOf) };
    }
    case 'erase':
      return { personId: idOf(who) };
    case 'link':
    case 'unlink':
      return { personId: idOf(who), accountId: accountId(workspace, 'group', groupId) };
    case 'configure':
      return { settings: order.settings };
  }
}
