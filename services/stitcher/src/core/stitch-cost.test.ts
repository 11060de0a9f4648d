import { describe, expect, it } from 'vitest';
import { createStitchWorld, STARTED_AT, WORKSPACE } from '../testkit/stitch-world.ts';
import { touchpointOf, type Call } from '../testkit/touchpoint-of.ts';
import type { GraphReader } from './identity-graph.ts';
import { stitchTouchpoint } from './stitch-touchpoint.ts';

/** Costs are counted in look-ups, changes and bytes, never in time: a busy machine must not turn a test red. */
const WEEKS = 8 * 86_400_000;

function countedGets(
  world: ReturnType<typeof createStitchWorld>,
  call: Call,
): { gets: number; changes: number; outputs: number } {
  let gets = 0;
  const graph: GraphReader = { get: <T>(key: string) => (gets++, world.graph.get<T>(key)) };
  const { changes, outputs } = stitchTouchpoint(
    graph,
    touchpointOf(call, 99_999, WORKSPACE, STARTED_AT, world.now()),
    world.now(),
  );
  return { gets, changes: changes.length, outputs: outputs.length };
}

/** A person with an e-mail, a company and as many devices. */
function personWith(devices: number): ReturnType<typeof createStitchWorld> {
  const world = createStitchWorld({}, { checked: false });
  world.send({ type: 'identify', userId: 'u1', traits: { email: 'jane@acme.com', name: 'Jane' } });
  for (let i = 0; i < devices; i++) {
    world.advance(WEEKS / 4);
    world.send({ type: 'track', userId: 'u1', anonymousId: `a${i}` });
  }
  return world;
}

describe('what a touchpoint costs', () => {
  it('is the same few look-ups for a known person, however many identifiers it has', () => {
    const [few, many] = [personWith(1), personWith(100)];
    for (const call of [
      { type: 'track', userId: 'u1' },
      { type: 'page', anonymousId: 'a0' },
      { type: 'track', userId: 'u1', anonymousId: 'a0' },
    ] as Call[]) {
      const small = countedGets(few, call);
      expect(small).toEqual(countedGets(many, call));
      expect(small).toEqual({ gets: call.userId && call.anonymousId ? 6 : 5, changes: 1, outputs: 1 });
    }
  });

  it('does not grow in a storm of identify() calls of one user: the caps hold', () => {
    const world = createStitchWorld({}, { checked: false });
    for (let i = 0; i < 300; i++) world.send({ type: 'page', anonymousId: `a${i}` });
    let largest = 0;
    for (let i = 0; i < 300; i++) {
      const { changes, outputs } = world.send({ type: 'identify', userId: 'u1', anonymousId: `a${i}` });
      if (i > 110) largest = Math.max(largest, changes.length + outputs.length);
    }
    expect(largest).toBeLessThanOrEqual(6);
    const [, user] = world.people().find(([, { ids }]) => ids.includes('userId:u1'))!;
    expect(user.mergedFrom).toHaveLength(100);
    expect(world.graph.bytes(`w/${WORKSPACE}/person/`)).toBeLessThan(200_000);
  });

  it('tells fifty demotions of a person a day, whatever the storm, and tells again on the next', () => {
    const world = createStitchWorld({ maxMergesPerPerson: 0 }, { checked: false });
    const told = (): number => world.facts('identity.decision').filter(({ decision }) => decision === 'demoted').length;
    const storm = (from: number, to: number): void => {
      for (let i = from; i < to; i++) world.send({ type: 'page', anonymousId: `a${i}` });
      for (let i = from; i < to; i++) world.send({ type: 'identify', userId: 'u1', anonymousId: `a${i}` });
    };
    world.send({ type: 'track', userId: 'u1' });
    world.send({ type: 'track', userId: 'u2' });
    storm(0, 120);
    expect(told()).toBe(50);
    world.advance(86_400_000);
    storm(200, 230);
    expect(told()).toBe(80);
    const tombstones = world.outputs.filter(({ message }) => message === null);
    expect(tombstones).toHaveLength(30);
    // Another person has a number of its own, and what is no storm is told all the same.
    world.send({ type: 'identify', userId: 'u2', anonymousId: 'a201' });
    expect(told()).toBe(81);
  });

  it('a person that is as large as it may be fits into a record, and so does every fact about it', () => {
    const { graph } = createStitchWorld();
    const long = 'ż'.repeat(240);
    let largest = 0;
    for (let i = 0; i < 280; i++) {
      const now = STARTED_AT + i * WEEKS;
      const traits = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`trait ${i} ${n}`, long]));
      const call: Call = { type: 'identify', userId: 'u1', anonymousId: `${long} ${i}`, traits };
      const { changes, outputs } = stitchTouchpoint(graph, touchpointOf(call, i, WORKSPACE, STARTED_AT, now), now);
      graph.apply(changes);
      for (const value of [...changes, ...outputs])
        largest = Math.max(largest, Buffer.byteLength(JSON.stringify(value)));
    }
    expect(largest).toBeGreaterThan(300_000);
    expect(largest).toBeLessThan(1_000_000);
  });

  it('people with three identifiers take less than 600 bytes each, with their traits and account', () => {
    const world = createStitchWorld({}, { workspace: 'default' });
    const ids = { userId: 'user-12345', anonymousId: '0f8fad5b-d9cb-469f-a165-70867728950e' };
    world.send({ type: 'identify', ...ids, traits: { email: 'person12345@company123.com', name: 'Person 12345' } });
    const bytes = world.graph.bytes('w/default/id/') + world.graph.bytes('w/default/person/');
    expect(bytes).toBeGreaterThan(400);
    expect(bytes).toBeLessThan(600);
  });
});
