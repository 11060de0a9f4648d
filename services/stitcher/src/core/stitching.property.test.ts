import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultsOfEdges, faultsOfFacts, faultsOfGraph } from '../testkit/invariants.ts';
import type { CommandStep, Step } from '../testkit/run-case.ts';
import { createStitchWorld, type StitchWorld } from '../testkit/stitch-world.ts';
import type { Call } from '../testkit/touchpoint-of.ts';
import { ownerOf } from './identity-graph.ts';
import type { StitchSettings } from './settings.ts';

/** One seed, so that a red build is red again. Raise `numRuns` to search: 10,000 runs of each took three minutes and were green. */
const RUNS = { numRuns: 60, seed: 2026 };

const oneOf = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

/** Few values, so that they meet: users, devices, addresses of companies and free ones, a role mailbox, a blocked value. */
const userId = oneOf('u1', 'u2', 'u3', 'null');
const anonymousId = oneOf('a1', 'a2', 'a3', 'a4');
const email = oneOf('x@gmail.com', 'y@gmail.com', 'jane@acme.com', 'joe@acme.com', 'ann@other.co', 'info@acme.com');
const groupId = oneOf('g1', 'g2');

const call: fc.Arbitrary<Call> = fc
  .record({
    type: fc.constantFrom('track', 'identify', 'group', 'alias', 'page'),
    userId: maybe(userId),
    anonymousId: maybe(anonymousId),
    email: maybe(email),
    device: maybe(oneOf('d1', 'd2')),
    groupId,
    domain: maybe(oneOf('acme.com', 'other.co')),
    title: maybe(oneOf('VP', 'Engineer')),
    at: maybe(fc.integer({ min: -1e12, max: 1e9 })),
    bot: fc.boolean().map((bot) => bot && false),
    messageId: maybe(oneOf('again', 'once more')),
  })
  .map(({ type, email: address, device, groupId: group, domain, title, ...rest }): Call => {
    const traits = { ...(address ? { email: address } : {}), ...(title ? { title } : {}) };
    const context = { ...(device ? { device: { id: device } } : {}), traits };
    const base = { ...rest, context, anonymousId: rest.anonymousId ?? (rest.userId || address ? undefined : 'a1') };
    const clean = Object.fromEntries(Object.entries(base).filter(([, value]) => value !== undefined)) as Omit<
      Call,
      'type'
    >;
    if (type === 'group') return { ...clean, type, groupId: group, traits: domain ? { domain } : {} };
    if (type === 'alias') return { ...clean, type, previousId: base.anonymousId ?? 'u1' };
    return { ...clean, type };
  });

const key = fc.oneof(
  userId.map((value) => `userId:${value}`),
  anonymousId.map((value) => `anonymousId:${value}`),
  email.map((value) => `email:${value}`),
);

const command: fc.Arbitrary<CommandStep> = fc.oneof(
  fc.record({ command: fc.constant('merge' as const), from: key, into: key }),
  fc.record({
    command: fc.constant('split' as const),
    person: key,
    cut: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ command: fc.constant('erase' as const), person: key }),
  fc.record({
    command: fc.constantFrom('link' as const, 'unlink' as const),
    person: key,
    account: groupId.map((id) => `group:${id}`),
  }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: call },
  { weight: 2, arbitrary: command },
  { weight: 1, arbitrary: fc.record({ wait: fc.constantFrom(1, 86_400_000, 8 * 86_400_000) }) },
);

const settings: fc.Arbitrary<Partial<StitchSettings>> = fc.record({
  sharedDevices: fc.constantFrom('isolate', 'first', 'last'),
  traitsOnMerge: fc.constantFrom('newest', 'keep'),
  maxIdsPerPerson: fc.constantFrom(3, 1_000),
  maxMergesPerPerson: fc.constantFrom(1, 100),
  quarantineAbove: fc.constantFrom(2, 20),
});

function run(world: StitchWorld, steps: readonly Step[], afterEach: () => void = () => {}): void {
  for (const one of steps) {
    if ('wait' in one) world.advance(one.wait);
    else if ('command' in one) order(world, one);
    else world.send(one);
    afterEach();
  }
}

function order(world: StitchWorld, one: CommandStep): void {
  const personOf = (name: string): string => ownerOf(world.node(name)) ?? 'nobody';
  const identifier = (name: string): unknown => ({
    namespace: name.slice(0, name.indexOf(':')),
    value: name.slice(name.indexOf(':') + 1),
  });
  const accounts = world.graph.keys('w/acme/account/').map((name) => name.slice(name.lastIndexOf('/') + 1));
  if (one.command === 'merge') world.order('merge', { from: personOf(one.from), into: personOf(one.into) });
  else if (one.command === 'split')
    world.order('split', { personId: personOf(one.person), cut: one.cut.map(identifier) });
  else if (one.command === 'erase') world.order('erase', { personId: personOf(one.person) });
  else
    world.order(one.command, {
      personId: personOf(one.person),
      accountId: accounts.at(one.account.endsWith('1') ? 0 : -1) ?? 'none',
    });
}

describe('whatever comes in, in whatever order', () => {
  it('an identifier leads to one living person or is shared, nobody holds two userIds, absorption has depth 1', () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 40 }), (given, steps) => {
        const world = createStitchWorld(given);
        run(world, steps, () => expect(faultsOfGraph(world)).toEqual([]));
      }),
      RUNS,
    );
  });

  it('versions only rise, and nobody erased is told of again', () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const world = createStitchWorld(given);
        run(world, steps);
        expect(faultsOfFacts(world)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('a person hangs together by its edges', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = createStitchWorld();
        run(world, steps, () => expect(faultsOfEdges(world)).toEqual([]));
      }),
      RUNS,
    );
  });

  it('comes out the same where nothing is noted beside the graph', () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 80 }), (given, steps) => {
        const [one, other] = [createStitchWorld(given), createStitchWorld(given, { noted: false })];
        run(one, steps);
        run(other, steps);
        expect(JSON.stringify(one.outputs)).toBe(JSON.stringify(other.outputs));
        expect(JSON.stringify(one.graph.dump())).toBe(JSON.stringify(other.graph.dump()));
      }),
      RUNS,
    );
  });

  it('a replay gives the same bytes', () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const [one, other] = [createStitchWorld(given), createStitchWorld(given)];
        run(one, steps);
        run(other, steps);
        expect(JSON.stringify(one.graph.dump())).toBe(JSON.stringify(other.graph.dump()));
        expect(JSON.stringify(one.outputs)).toBe(JSON.stringify(other.outputs));
      }),
      RUNS,
    );
  });

  it('every touchpoint that is no duplicate is stitched once, and one that comes again changes nothing', () => {
    fc.assert(
      fc.property(settings, fc.array(call, { maxLength: 30 }), (given, calls) => {
        const world = createStitchWorld(given);
        calls.forEach((one, index) => {
          const before = world.stitched.length;
          const result = world.send({ ...one, messageId: one.messageId ?? `m-${index}` });
          expect(world.stitched.length - before).toBe(result.duplicate ? 0 : 1);
        });
        const bytes = JSON.stringify(world.graph.dump());
        calls.forEach((one, index) => {
          expect(world.send({ ...one, messageId: one.messageId ?? `m-${index}` })).toMatchObject({
            duplicate: true,
            outputs: [],
          });
        });
        expect(JSON.stringify(world.graph.dump())).toBe(bytes);
      }),
      RUNS,
    );
  });

  it("a person's own journeys are handed over as soon as they are another subject's, and never to themselves", () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(fc.oneof({ weight: 8, arbitrary: call }, { weight: 1, arbitrary: command }), { maxLength: 40 }),
        (given, steps) => {
          const world = createStitchWorld(given);
          // A split derives journeys anew; this is about everything else.
          run(
            world,
            steps.filter((one) => !('command' in one) || one.command !== 'split'),
          );
          const onTheirOwn = new Set<string>();
          for (const { to, message } of world.outputs) {
            if (to !== 'subject') continue;
            if (message.type === 'touchpoint.stitched' && message.subject.unit === 'person')
              onTheirOwn.add(message.subject.id);
            if (message.type === 'person.erased')
              [message.personId, ...message.absorbed].forEach((id) => onTheirOwn.delete(id));
            if (message.type !== 'subject.handed-over') continue;
            expect(message.into.id).not.toBe(message.from.id);
            if (message.from.unit === 'person')
              expect(onTheirOwn.delete(message.from.id), `${message.from.id} had nothing to hand over`).toBe(true);
            if (message.into.unit === 'person') onTheirOwn.add(message.into.id);
          }
          for (const id of onTheirOwn) {
            const record = world.person(id);
            // A person of one touchpoint (nothing said who it was) is never met again.
            if (record) expect(record, `${id} still has journeys on its own`).toMatchObject({ alone: true });
          }
        },
      ),
      RUNS,
    );
  });
});

describe('a wrong merge that is undone', () => {
  /** Two populations that have nothing in common. */
  const population = (name: string): fc.Arbitrary<Call[]> =>
    fc.array(
      fc
        .record({
          n: fc.integer({ min: 1, max: 2 }),
          user: fc.boolean(),
          device: fc.boolean(),
          title: maybe(oneOf('VP', 'Engineer')),
          company: fc.boolean(),
        })
        .map(({ n, user, device, title, company }): Call => ({
          type: 'identify',
          ...(user ? { userId: `${name}-u` } : {}),
          ...(device || !user ? { anonymousId: `${name}-a${n}` } : {}),
          traits: {
            ...(company ? { email: `${name}${n}@${name}.example` } : {}),
            ...(title ? { title: `${name} ${title}` } : {}),
          },
        })),
      { minLength: 1, maxLength: 8 },
    );

  it('leaves the people, traits and accounts of a world in which it never happened', () => {
    fc.assert(
      fc.property(population('one'), population('two'), (ones, twos) => {
        const [world, control] = [createStitchWorld(), createStitchWorld()];
        const mixed = ones
          .flatMap((one, index) => [one, ...twos.slice(index, index + 1)])
          .concat(twos.slice(ones.length));
        for (const one of mixed)
          for (const each of [world, control]) {
            // Between two values of one millisecond a split decides by who spoke last, not by which trait was said last.
            each.advance(1);
            each.send(one);
          }
        const from = ids(world).find((own) => own.some((name) => name.includes(':two')))!;
        const into = ids(world).find((own) => own.some((name) => name.includes(':one')))!;
        const personId = ownerOf(world.node(into[0]!))!;
        const merged = world.order('merge', { from: ownerOf(world.node(from[0]!)), into: personId });
        fc.pre(merged.ok);
        const cut = from.map((name) => ({
          namespace: name.slice(0, name.indexOf(':')),
          value: name.slice(name.indexOf(':') + 1),
        }));
        expect(world.order('split', { personId, cut })).toMatchObject({ ok: true });
        expect(faultsOfGraph(world)).toEqual([]);
        expect(shown(world)).toEqual(shown(control));
      }),
      RUNS,
    );
  });

  const ids = (world: StitchWorld): (readonly string[])[] => world.people().map(([, person]) => person.ids);

  function shown(world: StitchWorld): unknown {
    const people = world.people().map(([id, { ids: own, traits, memberships }]) => ({
      id,
      ids: [...own].sort(),
      traits: Object.entries(traits ?? {}).sort(),
      accounts: (memberships ?? []).map(({ source, of, from }) => `${source} ${of} ${from}`).sort(),
    }));
    return people.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
});
