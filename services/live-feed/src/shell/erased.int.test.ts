import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import { TOPICS, keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { alert, alertFact, journeyIdOf, NOON, person, touchpoint } from '../testkit/facts.ts';
import { type TestClient, type Told, connect } from '../testkit/feed-client.ts';
import { type FeedNode, type FeedWorld, createFeedWorld, PARTITIONS } from '../testkit/feed-world.ts';

/** Who was erased is shown by no channel: not to those who listen, not to those who come back with an old cursor, not after a rebuild. */

let world: FeedWorld;
let node: FeedNode;
const ANN = { unit: 'person' as const, id: 'per_ann' };
const ANN_PERSON = '0b0dbb10-9e62-5fe4-8b67-4a0b5d3a1111';
const ACME = `journey:${journeyIdOf('w1', 'acme')}`;

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  node = await world.start();
});
afterEach(() => world.end());

const open = (at: FeedNode = node): Promise<TestClient> => connect(at.url, { token: 'reader' });
async function subscribe(client: TestClient, channel: string, params: object = {}): Promise<Told> {
  const { result, error } = await client.ask('subscribe', { channel, ...params });
  if (error) throw new Error(JSON.stringify(error));
  return result;
}

async function identity(fact: IdentityFile | null, key: string): Promise<void> {
  const partition = partitionOf('w1', PARTITIONS);
  await world.append([{ topic: 'identities', partition, key, value: fact && Buffer.from(JSON.stringify(fact)) }]);
}

/** As the stitcher and the orchestrator tell it: the person, then the journey that was the person's alone, then the account's anew. */
async function eraseAnn(): Promise<void> {
  await identity(null, keyOf.person('w1', 'per_ann'));
  const fact = { factId: 'f', workspace: 'w1', at: NOON, personId: 'per_ann', absorbed: [], cause: 'c' };
  await identity({ type: 'person.erased', ...fact }, `${keyOf.person('w1', 'per_ann')}/erased`);
  const key = keyOf.subject('w1', 'per_ann');
  const partition = partitionOf(key, PARTITIONS);
  await world.append([{ topic: 'journeys', partition, key: `${key}/b2b-sales`, value: null }]);
  await world.change('w1', 'acme', { people: [] });
}

async function tellOfAnn(): Promise<void> {
  await identity(person('w1', 'per_ann', { name: 'Ann' }), keyOf.person('w1', 'per_ann'));
  await world.change('w1', 'per_ann', { unit: 'person', subject: ANN, name: 'Ann' }, touchpoint('tp_ann'));
  await world.change('w1', 'acme', {}, touchpoint('tp_1'));
  const about = { lastTouchpoints: [touchpoint('tp_1')], quietPersonId: 'per_ann' };
  const ofAcme = alert('w1', 'acme', 'alr_acme');
  await world.alert(alertFact({ ...ofAcme, reason: { ...ofAcme.reason, ...about } }, 'alert.opened'));
  await world.alert(alertFact(alert('w1', 'per_ann', 'alr_ann', { subject: ANN }), 'alert.opened'));
}

describe('who is erased', () => {
  test('leaves the boards of those who listen, and of those who come back', async () => {
    const [listening, away] = [await open(), await open()];
    await tellOfAnn();
    await expect.poll(async () => (await subscribe(await open(), 'board')).snapshot.length).toBe(2);
    await subscribe(listening, 'board');
    const { cursor } = await subscribe(away, 'board');
    away.end();
    await eraseAnn();
    const erased = {
      type: 'journey.erased',
      left: true,
      data: { id: journeyIdOf('w1', 'per_ann'), definition: 'b2b-sales' },
    };
    await listening.until(({ pushes }) => pushes.some(({ type }) => type === 'journey.erased'));
    expect(listening.pushes).toContainEqual(expect.objectContaining(erased));
    const back = await subscribe(await open(), 'board', { cursor });
    expect(back.recovered).toBe(true);
    expect(back.missed).toContainEqual(expect.objectContaining(erased));
    expect(JSON.stringify(back.missed)).not.toMatch(/ann@|"Ann"|per_ann/);
  });

  test('is in no message that an old cursor brings, with no gap for it, on a new node neither', async () => {
    const first = await open();
    await world.change('w1', 'acme');
    await expect.poll(async () => (await subscribe(await open(), 'board')).snapshot.length).toBe(1);
    const channels = ['alerts', 'board', ACME];
    const cursors = new Map<string, string>();
    for (const channel of channels) cursors.set(channel, (await subscribe(first, channel)).cursor);
    await tellOfAnn();
    await first.until(({ pushes }) => pushes.filter(({ channel }) => channel === 'alerts').length === 2);
    expect(JSON.stringify(first.pushes)).toMatch(/per_ann/);
    await eraseAnn();
    await first.until(({ pushes }) => pushes.some(({ type }) => type === 'journey.erased'));
    for (const at of [node, await world.start('another')])
      for (const channel of channels) {
        const { recovered, missed } = await subscribe(await open(at), channel, { cursor: cursors.get(channel) });
        expect(recovered, channel).toBe(true);
        expect(missed.length, channel).toBeGreaterThan(0);
        expect(JSON.stringify(missed), channel).not.toMatch(/"Ann"|ann@|per_ann|tp_ann|tp_1/);
        const url = `${at.url}/live/history?channel=${channel}&cursor=${cursors.get(channel)}`;
        const told = await (await fetch(url, { headers: { authorization: 'Bearer reader' } })).text();
        expect(told, channel).toContain('"items"');
        expect(told, channel).not.toMatch(/"Ann"|ann@|per_ann|tp_ann|tp_1/);
      }
  });

  test('takes along what was decided, also of identifiers that never were the person’s', async () => {
    await identity(person('w1', 'per_bob', { name: 'Bob' }), keyOf.person('w1', 'per_bob'));
    const decision = { type: 'identity.decision', workspace: 'w1', at: NOON, personId: 'per_bob', decision: 'demoted' };
    const about = { namespace: 'email', value: 'ann@acme.example', reason: 'two-unique-values', cause: 'tp' };
    await identity({ ...decision, ...about } as IdentityFile, keyOf.person('w1', 'decision/x1'));
    const shown = async (): Promise<string> =>
      (await fetch(`${node.url}/api/people/per_bob`, { headers: { authorization: 'Bearer reader' } })).text();
    await expect.poll(shown).toContain('ann@acme.example');
    // Told once more: the newest stands for it.
    await identity({ ...decision, ...about, at: NOON + 1 } as IdentityFile, keyOf.person('w1', 'decision/x1'));
    await identity(null, keyOf.person('w1', 'decision/x1'));
    await expect.poll(shown).not.toContain('ann@acme.example');
    expect(TOPICS.identities.cleanup).toBe('compact');
  });

  test('is in no dead letter and no action that was written before, wherever they are read; who returns is, unless that is not wanted', async () => {
    const letter = async (id: string, at: number, raw: string): Promise<void> => {
      const rest = { reason: 'no-event-name', messageId: null, service: 'ingest', error: null, position: null };
      const value = Buffer.from(JSON.stringify({ type: 'dead-letter', id, workspace: 'w1', at, raw, ...rest }));
      const partition = partitionOf('w1', PARTITIONS);
      await world.append([{ topic: 'dead-letters', partition, key: 'w1', value }]);
    };
    const hash = (key: string): string => createHash('sha256').update('w1').update(' ').update(key).digest('base64url');
    const ANN_ID = JSON.stringify({ type: 'track', userId: 'ann' });
    const ZOE_ID = JSON.stringify({ type: 'track', userId: 'zoe' });
    const fact = { type: 'person.erased' as const, factId: 'f', workspace: 'w1', at: NOON, absorbed: [], cause: 'c' };
    await letter('dl_row', NOON - 9, 'ann;Demo Requested');
    await identity(
      { ...fact, personId: ANN_PERSON, hashes: [hash('userId:ann')] },
      `${keyOf.person('w1', ANN_PERSON)}/erased`,
    );
    const hashes = [hash('userId:zoe')];
    await identity(
      { ...fact, personId: 'per_zoe', hashes, suppressed: hashes },
      `${keyOf.person('w1', 'per_zoe')}/erased`,
    );
    await letter('dl_before', NOON - 1, ANN_ID);
    await letter('dl_webhook', NOON + 1, JSON.stringify({ data: { person: { id: ANN_PERSON } } }));
    await letter('dl_unwanted', NOON + 2, ZOE_ID);
    const about = {
      ...{ id: 'act_ann', workspace: 'w1', name: 'call', state: 'chosen', chosenAt: '2026-01-05T12:00:00.000Z' },
      ...{ journeyId: journeyIdOf('w1', 'acme'), subject: { unit: 'account', id: 'acme' } },
      person: { id: ANN_PERSON, name: 'Ann' },
    };
    const key = keyOf.subject('w1', 'acme');
    const told = { type: 'action.chosen', factId: 'a', workspace: 'w1', at: NOON, action: about, journey: {} };
    await world.append([
      { topic: 'actions', partition: partitionOf(key, PARTITIONS), key, value: Buffer.from(JSON.stringify(told)) },
    ]);
    await letter('dl_returned', NOON + 3, ANN_ID);
    const listed = async (at: FeedNode, path: string): Promise<string[]> => {
      const answer = await fetch(`${at.url}/api/${path}`, { headers: { authorization: 'Bearer reader' } });
      return ((await answer.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
    };
    for (const at of [node, await world.start('another')]) {
      await expect.poll(() => listed(at, 'dead-letters')).toEqual(['dl_returned']);
      expect(await listed(at, 'actions')).toEqual([]);
    }
  });
});
