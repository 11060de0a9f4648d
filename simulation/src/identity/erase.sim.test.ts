import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { startIdentityWorld, type IdentityWorld } from './identity-world.ts';

const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - { name: awareness, stall: { after: 1 day } }
  - { name: evaluation, enter: { event: Demo Requested } }
`;
const W = 'w';

let world: IdentityWorld;
beforeEach(async () => {
  world = await startIdentityWorld();
  await world.define(W, DEFINITION);
});
afterEach(() => world.stop());

/** Everything that is kept anywhere but in topics that run out: state of both tasks, and the history. */
function everything(): string {
  const states = ['stitch', 'advance'].flatMap((task) =>
    Array.from({ length: 3 }, (_, partition) =>
      [...world.log.disk.task(task, partition).state.entries()].map(
        ([key, { value }]) => `${key} ${value ? Buffer.from(value).toString() : ''}`,
      ),
    ),
  );
  const tables = (
    [
      'touchpoints',
      'people',
      'identity_overrides',
      'journey_changes',
      'alert_facts',
      'rederivations',
      'touchpoint_moves',
    ] as const
  ).map((table) => JSON.stringify(world.history.rows(table)));
  return [...states.flat(), ...tables].join('\n');
}

const track = (ids: Record<string, string>, event = 'Page Read') =>
  world.send({ workspace: W, call: { type: 'track', event, ...ids } });

describe('who is erased', () => {
  it('is nowhere any more, with everyone absorbed, and comes back as somebody else', async () => {
    await track({ anonymousId: 'secret-device' });
    await world.send({
      workspace: W,
      call: { type: 'identify', userId: 'secret-user', anonymousId: 'secret-device', traits: { name: 'Secret Name' } },
    });
    await track({ userId: 'secret-user' });
    await world.clock.advance(2 * 86_400_000);
    const before = world.personOf(W, 'userId:secret-user');
    await world.send({ workspace: W, command: 'erase', params: { personId: before } });
    expect(world.answer(W)).toMatchObject({ ok: true });
    await world.clock.advance(2_000);
    expect(world.values('dead-letters')).toEqual([]);
    const left = everything();
    expect(left).not.toMatch(/secret/i);
    expect(world.subjects(W)).toEqual({});
    const last = Array.from({ length: 3 }, (_, partition) => world.log.disk.partition('journeys', partition).records)
      .flat()
      .filter(({ key }) => key.includes(before));
    expect(last.at(-1)!.value).toBeNull();

    await track({ userId: 'secret-user' });
    await world.clock.advance(2_000);
    const after = world.personOf(W, 'userId:secret-user');
    expect(after).not.toBe(before);
    expect(after).not.toBe('nobody');
    expect(Object.keys(world.subjects(W))).toEqual([`${W}/${after}`]);
    expect(world.history.rows('touchpoints').map(({ person_id }) => person_id)).toEqual([after]);
  });

  it('leaves an account’s journey as it is, without the person and its touchpoints', async () => {
    for (const userId of ['secret-user', 'other'])
      await world.send({ workspace: W, call: { type: 'group', userId, groupId: 'acme', traits: { name: 'Acme' } } });
    await track({ userId: 'secret-user' }, 'Demo Requested');
    await track({ userId: 'other' });
    await world.send({ workspace: W, command: 'erase', params: { personId: world.personOf(W, 'userId:secret-user') } });
    await world.clock.advance(2_000);
    expect(everything()).not.toMatch(/secret/i);
    const { journey } = world.values<JourneyChanged>('journeys').at(-1)!;
    expect(journey).toMatchObject({ stage: 'evaluation', touchpoints: 2, people: [{ touchpoints: 2 }] });
    expect(journey.people).toHaveLength(1);
  });

  it('is listed by a dry run, which changes nothing', async () => {
    await track({ userId: 'u' });
    await track({ userId: 'u' });
    const personId = world.personOf(W, 'userId:u');
    await world.send({ workspace: W, command: 'erase', params: { personId, dryRun: true } });
    await world.clock.advance(2_000);
    expect(world.answer(W).facts).toEqual([{ type: 'erase.counted', touchpoints: 2 }]);
    expect(world.personOf(W, 'userId:u')).toBe(personId);
  });
});
