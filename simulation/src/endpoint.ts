import type { EndpointPut } from '@cairn/contracts/generated/control.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import type { EffectRunner } from '@cairn/task/task.ts';
import { TOPIC_CONFIGS } from './world.ts';

/** The outside that webhooks go to: one endpoint a workspace. Remembers all that ever arrived, and fails now and then. */
export interface Receiver {
  /** Takes the place of `sendWebhook`. */
  send(clock: Clock): EffectRunner;
  received(): readonly Received[];
}

export interface Received {
  workspace: string;
  webhookId: string;
  attempt: number;
  factId: string;
  type: string;
  /** Whether it was answered with a 2xx. */
  ok: boolean;
  /** Whether the delivery was on record when it arrived: no webhook may leave before its commit. */
  known: boolean;
}

export const ENDPOINT_ID = 'ep_sim';

/** Share of the attempts that fail. */
const FAILS = 0.15;
const LATENCY_MS_MAX = 2_000;

export function createReceiver(disk: MemoryDisk, random: () => number): Receiver {
  const received: Received[] = [];

  function isKnown(workspace: string, webhookId: string): boolean {
    const partition = partitionOf(keyOf.endpoint(workspace, ENDPOINT_ID), partitionsOf('deliveries'));
    return disk
      .partition('deliveries', partition)
      .records.some((record) => (decodeJson(record.value!) as { delivery: { id: string } }).delivery.id === webhookId);
  }

  return {
    received: () => received,
    send: (clock) =>
      async function sendToSimulation(effect) {
        const payload = effect.payload as {
          workspace: string;
          endpointId: string;
          deliveryId: string;
          attempt: number;
          body: string;
        };
        const { workspace, endpointId, deliveryId, attempt } = payload;
        const body = JSON.parse(payload.body) as { type: string; data: { factId: string } };
        const at = clock.now();
        const known = isKnown(workspace, deliveryId);
        const ok = random() >= FAILS;
        received.push({
          workspace,
          webhookId: deliveryId,
          attempt,
          factId: body.data.factId,
          type: body.type,
          ok,
          known,
        });
        await clock.sleep(Math.floor(random() * LATENCY_MS_MAX));
        return {
          type: 'delivery.attempted',
          workspace,
          endpointId,
          deliveryId,
          attempt,
          at,
          durationMs: clock.now() - at,
          status: ok ? 200 : 500,
          code: ok ? null : 'http_500',
          responseBody: null,
          retryAfter: null,
          control: null,
        };
      },
  };
}

export function endpointOf(workspace: string, at: number): EndpointPut {
  return {
    type: 'endpoint.put',
    workspace,
    at,
    endpoint: {
      id: ENDPOINT_ID,
      workspace,
      url: 'https://receiver.example/hook',
      types: ['alert.*'],
      secrets: [],
      preset: null,
      fifo: false,
      rateLimit: null,
      schedule: [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000],
      state: 'enabled',
      disabledReason: null,
      headers: {},
      createdAt: at,
      version: 1,
    },
  };
}

export function partitionsOf(topic: string): number {
  return TOPIC_CONFIGS.find(({ name }) => name === topic)!.partitions;
}
