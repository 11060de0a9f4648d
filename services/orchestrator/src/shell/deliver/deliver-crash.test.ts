import { deliveryId } from '@cairn/contracts/ids.ts';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { EffectRunner } from '@cairn/task/task.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import type { MemoryWorld } from '@cairn/testkit/memory-world.ts';
import { describe, expect, test } from 'vitest';
import type { SendWebhook } from '../../core/deliver/model.ts';
import { JITTER_MAX } from '../../core/deliver/schedule.ts';
import { createDeliverTask } from './deliver-task.ts';

/**
 * The process dies between every two steps of choose → commit → send → answer → record, on a virtual clock: at least once, under the
 * same id, never under a second id, never an attempt early.
 */
const TOPICS = ['delivery-inbox', 'deliveries', 'control', 'dead-letters'];
const FACTS = ['a', 'b', 'c', 'd'];
const SCHEDULE = [2_000, 30_000];
const START = 1_000_000;

interface Seen {
  id: string;
  attempt: number;
  at: number;
  body: string;
  onRecord: boolean;
}

const endpoint: Endpoint = {
  id: 'ep_1',
  workspace: 'ws_1',
  url: 'https://example.com/',
  types: ['*'],
  secrets: [],
  preset: null,
  fifo: false,
  rateLimit: null,
  concurrency: 2,
  schedule: SCHEDULE,
  state: 'enabled',
  disabledReason: null,
  headers: {},
  createdAt: 0,
  version: 1,
};

interface Crash {
  /** The n-th commit or append of the deliverer's process. */
  point?: { nth: number; phase: 'before' | 'after' };
  /** The n-th attempt: before the receiver has it, or after it answered and before the answer is recorded. */
  send?: { nth: number; phase: 'before' | 'after' };
}

async function run(crash: Crash): Promise<{ world: MemoryWorld; seen: Seen[]; crashed: boolean }> {
  const seen: Seen[] = [];
  let points = 0;
  let sends = 0;
  let crashed = false;
  const die = (): void => {
    crashed = true;
    world.log.crash();
  };
  const world: MemoryWorld = createMemoryWorld({
    topics: TOPICS,
    inbox: 'delivery-inbox',
    startMs: START,
    faults: {
      at({ phase }) {
        if (crashed || crash.point?.phase !== phase) return;
        if (++points === crash.point.nth) die();
      },
    },
  });

  /** Refuses the first attempt of `a` and `b`, and the first two of `a`; takes 50 ms. */
  const sendWebhook: EffectRunner = async (effect) => {
    const payload = effect.payload as SendWebhook;
    const mayDie = !crashed && crash.send !== undefined && ++sends === crash.send.nth;
    if (mayDie && crash.send!.phase === 'before') die();
    if (mayDie && crash.send!.phase === 'before') return new Promise(() => {});
    const known = (world.values('deliveries') as DeliveryFact[]).some(
      (fact) => fact.delivery.id === payload.deliveryId,
    );
    seen.push({
      id: payload.deliveryId,
      attempt: payload.attempt,
      at: world.clock.now(),
      body: payload.body,
      onRecord: known,
    });
    await world.clock.sleep(50);
    if (mayDie) {
      die();
      return new Promise(() => {});
    }
    const fails = { a: 2, b: 1 }[(JSON.parse(payload.body) as { data: { factId: 'a' } }).data.factId] ?? 0;
    const ok = payload.attempt > fails;
    return {
      type: 'delivery.attempted',
      workspace: 'ws_1',
      endpointId: 'ep_1',
      deliveryId: payload.deliveryId,
      attempt: payload.attempt,
      at: world.clock.now() - 50,
      durationMs: 50,
      status: ok ? 200 : 500,
      code: ok ? null : 'http_500',
      responseBody: '',
      retryAfter: null,
      control: null,
    };
  };
  const definition = createDeliverTask({
    topics: world.log,
    metrics: createMetrics(),
    sendWebhook,
    loadRequest: () => Promise.resolve(null),
  });

  await world.send({ key: 'ws_1/ep_1', value: { type: 'endpoint.put', workspace: 'ws_1', endpoint, at: START } });
  await world.send(...FACTS.map((factId) => ({ key: 'ws_1/ep_1', value: requestOf(factId) })));
  void runTask(world.log, world.clock, definition);
  // It is back within a second of its death, whenever that is.
  for (let restarted = false, second = 0; second < 140; second++) {
    await world.clock.advance(1_000);
    if (!crashed || restarted) continue;
    restarted = true;
    void runTask(world.anotherProcess(), world.clock, definition);
  }
  return { world, seen, crashed };
}

function requestOf(factId: string) {
  return {
    type: 'delivery.requested',
    workspace: 'ws_1',
    endpointId: 'ep_1',
    deliveryId: deliveryId(factId, 'ep_1'),
    factId,
    factType: 'alert.opened',
    at: START,
    journeyId: null,
    expiresAt: null,
    data: {},
  };
}

function check({ world, seen }: { world: MemoryWorld; seen: Seen[] }): void {
  const expected = FACTS.map((factId) => deliveryId(factId, 'ep_1')).sort();
  expect([...new Set(seen.map(({ id }) => id))].sort()).toEqual(expected);
  const facts = world.values('deliveries') as DeliveryFact[];
  const ended = facts.filter((fact) => fact.type === 'delivery.ended');
  expect(ended.map((fact) => fact.delivery.id).sort()).toEqual(expected);
  expect(ended.every((fact) => fact.delivery.state === 'delivered')).toBe(true);
  for (const { onRecord } of seen) expect(onRecord).toBe(true);
  for (const id of expected) {
    const mine = seen.filter((one) => one.id === id);
    expect(new Set(mine.map(({ body }) => body)).size).toBe(1);
    const recorded = ended.find((fact) => fact.delivery.id === id)!.delivery.attempts;
    const fails = { a: 2, b: 1 }[FACTS.find((factId) => deliveryId(factId, 'ep_1') === id)!] ?? 0;
    expect(recorded.map((attempt) => attempt.code)).toEqual([...Array<string>(fails).fill('http_500'), null]);
    // An attempt may be made again, but never with the next number before the wait after the one before is over.
    for (const [i, wait] of SCHEDULE.entries()) {
      const failedAt = Math.min(...mine.filter((one) => one.attempt === i + 1).map(({ at }) => at)) + 50;
      for (const next of mine.filter((one) => one.attempt === i + 2))
        expect(next.at).toBeGreaterThanOrEqual(failedAt + wait);
    }
    expect(Math.max(...mine.map(({ attempt }) => attempt))).toBe(fails + 1);
  }
  const state = world.state('deliver');
  expect(Object.keys(state).filter((key) => key.startsWith('~'))).toEqual([]);
}

describe('whenever the process dies', () => {
  test('not at all: each is sent as often as it failed, on time', async () => {
    const outcome = await run({});
    check(outcome);
    expect(outcome.crashed).toBe(false);
    expect(outcome.seen).toHaveLength(7);
    const a = outcome.seen.filter(({ id }) => id === deliveryId('a', 'ep_1')).map(({ at }) => at);
    expect(a[1]! - a[0]! - 50).toBeLessThanOrEqual(SCHEDULE[0]! * (1 + JITTER_MAX) + 200);
    expect(a[2]! - a[1]! - 50).toBeLessThanOrEqual(SCHEDULE[1]! * (1 + JITTER_MAX) + 200);
  });

  for (const phase of ['before', 'after'] as const) {
    test(`${phase} each commit and append, all are delivered under their one id, none early`, async () => {
      let points = 0;
      for (let nth = 1; ; nth++) {
        const outcome = await run({ point: { nth, phase } });
        if (!outcome.crashed) break;
        points++;
        check(outcome);
      }
      expect(points).toBeGreaterThan(10);
    });

    test(`${phase} the receiver answered, all are delivered under their one id, none early`, async () => {
      let points = 0;
      for (let nth = 1; ; nth++) {
        const outcome = await run({ send: { nth, phase } });
        if (!outcome.crashed) break;
        points++;
        check(outcome);
      }
      expect(points).toBeGreaterThanOrEqual(6);
    });
  }
});

test('a replay of the inbox gives the same state and the same facts, byte for byte', async () => {
  const { world } = await run({});
  const again = createMemoryWorld({ topics: TOPICS, inbox: 'delivery-inbox', startMs: START });
  const inbox = world.records('delivery-inbox');
  const partition = again.log.disk.partition('delivery-inbox', 0);
  partition.records.push(...inbox);
  partition.next = inbox.length;
  const never: EffectRunner = () => new Promise(() => {});
  const definition = createDeliverTask({
    topics: again.log,
    metrics: createMetrics(),
    sendWebhook: never,
    loadRequest: never,
  });
  await runTask(again.log, again.clock, definition);
  await again.clock.advance(0);
  const bytes = (records: readonly LogRecord[]): string[] => records.map(({ value }) => Buffer.from(value!).toString());
  expect(again.stateBytes('deliver')).toBe(world.stateBytes('deliver'));
  expect(bytes(again.records('deliveries'))).toEqual(bytes(world.records('deliveries')));
});
