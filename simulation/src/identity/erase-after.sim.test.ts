import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { startIdentityWorld, type IdentityWorld } from './identity-world.ts';

/** What the simulator found (`npm run sim`), each as a case: erasures and splits after merges, hand-overs and changes of a domain's owner. */
const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - { name: awareness, stall: { after: 1 day } }
`;
const W = 'w';

let world: IdentityWorld;
beforeEach(async () => {
  world = await startIdentityWorld();
  await world.define(W, DEFINITION);
});
afterEach(() => world.stop());

const call = (one: object) => world.send({ workspace: W, call: { event: 'Page Read', ...one } as never });
const order = (command: 'merge' | 'split' | 'erase', params: Record<string, unknown>) =>
  world.send({ workspace: W, command, params });

/** The newest record of each key of a compacted topic, as text; tombstones are not there. */
function lasting(topic: string): string[] {
  const last = new Map<string, string | null>();
  for (let partition = 0; partition < world.log.partitions(topic); partition++)
    for (const { key, value } of world.log.disk.partition(topic, partition).records)
      last.set(key, value && JSON.stringify(decodeJson(value)));
  return [...last.values()].flatMap((text) => text ?? []);
}

describe('who is erased', () => {
  it('is named by no split or merge of long ago', async () => {
    await call({ type: 'identify', userId: 'keeps', anonymousId: 'secret-device' });
    await call({ type: 'identify', anonymousId: 'secret-device', traits: { email: 'secret@acme.example' } });
    await order('split', {
      personId: world.personOf(W, 'userId:keeps'),
      cut: ['anonymousId:secret-device', 'email:secret@acme.example'].map((key) => ({
        namespace: key.slice(0, key.indexOf(':')),
        value: key.slice(key.indexOf(':') + 1),
      })),
    });
    expect(world.answer(W)).toMatchObject({ ok: true });
    expect(lasting('identities').join()).toContain('secret');
    await order('erase', { personId: world.personOf(W, 'email:secret@acme.example') });
    await world.clock.advance(5_000);
    expect(
      lasting('identities')
        .filter((text) => !text.includes('command.answered'))
        .join('\n'),
    ).not.toContain('secret');
    expect(world.personOf(W, 'userId:keeps')).not.toBe('nobody');
  });

  it('is in no last record of a journey that was handed over', async () => {
    await call({ type: 'track', anonymousId: 'a' });
    await call({ type: 'identify', userId: 'u', anonymousId: 'a', traits: { name: 'Secret Name' } });
    await call({ type: 'group', userId: 'u', groupId: 'acme' });
    await world.clock.advance(2_000);
    await order('erase', { personId: world.personOf(W, 'userId:u') });
    await world.clock.advance(5_000);
    expect(lasting('journeys').join('\n')).not.toContain('Secret');
  });

  it('leaves the account that took its company’s domain over, though another claims the domain since', async () => {
    await call({ type: 'identify', userId: 'secret-user', traits: { email: 'secret@acme.example' } });
    for (const [userId, groupId] of [
      ['r', 'one'],
      ['s', 'two'],
    ] as const) {
      await call({ type: 'identify', userId, traits: { email: `${userId}@acme.example` } });
      await call({ type: 'group', userId, groupId });
    }
    await order('erase', { personId: world.personOf(W, 'userId:secret-user') });
    await world.clock.advance(5_000);
    expect(JSON.stringify(world.subjects(W))).not.toContain('secret');
    expect(lasting('journeys').join('\n')).not.toContain('secret');
  });
});

it('a journey that a split leaves without touchpoints is absorbed, though it had an open alert', async () => {
  // Made of both at once: the person is named by the device, its touchpoints follow the userId.
  await call({ type: 'track', userId: 'u', anonymousId: 'a' });
  await world.clock.advance(2 * 86_400_000);
  expect(world.values<AlertFact>('alerts').map(({ type }) => type)).toEqual(['alert.opened']);
  const personId = world.personOf(W, 'userId:u');
  await order('split', { personId, cut: [{ namespace: 'userId', value: 'u' }] });
  await world.clock.advance(5_000);
  const living = lasting('journeys')
    .map((text) => (JSON.parse(text) as JourneyChanged).journey)
    .filter(({ absorbedInto }) => absorbedInto === null);
  expect(living.map(({ subject, touchpoints }) => [subject.id, touchpoints])).toEqual([
    [world.personOf(W, 'userId:u'), 1],
  ]);
});
