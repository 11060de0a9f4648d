import { expect, it } from 'vitest';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { CommandAnswered, IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { startIdentityWorld, type IdentityWorld } from './identity-world.ts';
import { journeysInWords } from './same-journeys.ts';

const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - { name: awareness, stall: { after: 30 days } }
  - { name: evaluation, enter: { event: Demo Requested }, stall: { after: 1 hour } }
`;
const W = 'w';
const IDS = ['p1', 'q1', 'q2'];
const COMMANDS = ['merge', 'split', 'erase'] as const;
/** More are in no command of these; a run that gets past the last one ends the search. */
const POINTS_MAX = 80;

/** Merge, stall, split, erase; at the command named the process dies at its n-th await point. Returns what there is at the end. */
async function run(dying: (typeof COMMANDS)[number] | null, count: number): Promise<{ end: object; died: boolean }> {
  const world = await startIdentityWorld();
  let died = false;
  const order = async (command: (typeof COMMANDS)[number], params: Record<string, unknown>): Promise<void> => {
    if (command === dying) world.crashAfter(count);
    await world.send({ workspace: W, command, params });
    await world.clock.advance(2_000);
    if (command !== dying) return void (await world.clock.advance(60_000));
    died = await world.recover();
    if (!died) await world.clock.advance(60_000);
  };
  await world.define(W, DEFINITION);
  await world.send(
    { workspace: W, call: { type: 'track', messageId: 'p1', userId: 'p', event: 'Page Read' } },
    { workspace: W, call: { type: 'track', messageId: 'q1', anonymousId: 'q', event: 'Page Read' } },
  );
  const [p, q] = [world.personOf(W, 'userId:p'), world.personOf(W, 'anonymousId:q')];
  await order('merge', { from: q, into: p });
  await world.send({
    workspace: W,
    call: { type: 'track', messageId: 'q2', anonymousId: 'q', event: 'Demo Requested' },
  });
  await world.clock.advance(2 * 3_600_000);
  await order('split', { personId: p, cut: [{ namespace: 'anonymousId', value: 'q' }] });
  await order('erase', { personId: world.personOf(W, 'anonymousId:q') });
  const end = endOf(world);
  await world.stop();
  return { end, died };
}

/** All that has to be the same whatever happened on the way. */
function endOf(world: IdentityWorld): object {
  const facts = world.values<IdentityFile>('identities');
  const answers = facts.filter((fact): fact is CommandAnswered => fact.type === 'command.answered');
  const seqs = new Map<string, number>();
  for (const { journey } of world.values<JourneyChanged>('journeys')) {
    expect(journey.seq).toBe((seqs.get(journey.id) ?? 0) + 1);
    seqs.set(journey.id, journey.seq);
  }
  const alerts = world.values<AlertFact>('alerts');
  expect(new Set(alerts.map(({ factId }) => factId)).size).toBe(alerts.length);
  return {
    answers: answers.map(({ ok }) => ok),
    people: world.people(W).map(({ id, ids, version, mergedFrom }) => ({ id, ids: ids.length, version, mergedFrom })),
    journeys: journeysInWords(world, W, IDS),
    alerts: alerts.map(({ type, alert }) => [type, alert.stage, alert.resolvedBy]),
    touchpoints: world.history.rows('touchpoints').map((row) => [row.message_id, row.person_id]),
    rows: world.history
      .rows('people')
      .map((row) => row.person_id)
      .sort(),
    deadLetters: world.values('dead-letters'),
  };
}

it.each(COMMANDS)(
  '%s: if the process dies during it, at whichever await, it is carried out whole after the restart',
  async (command) => {
    const { end: wanted } = await run(null, 0);
    let deaths = 0;
    for (let count = 1; count <= POINTS_MAX; count++) {
      const { end, died } = await run(command, count);
      if (!died) break;
      deaths++;
      expect(end, `death at point ${count}`).toEqual(wanted);
    }
    // Commits of stitcher and orchestrator, appends of the history: each before and after.
    expect(deaths).toBeGreaterThanOrEqual(4);
    expect(deaths).toBeLessThan(POINTS_MAX);
  },
);
