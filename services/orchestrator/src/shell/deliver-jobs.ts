import type { EndState, EndedDelivery, Endpoint, PendingDelivery } from '../core/deliver/model.ts';
import { deliveryFact } from '../core/deliver/delivery-fact.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { openEndpoint } from './deliver-endpoint.ts';
import type { DeliverTopics } from './deliver-endpoint.ts';
import { keys } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';
import type { Job } from './start-job.ts';

/**
 * What concerns all deliveries of an endpoint is done in steps, a timer each, so that an endpoint with a million of them never
 * holds up the others: end those that wait (`end`), send again what failed (`recover-…`), forget everything (`remove`).
 */

/** Of a step; more would hold up the cycle. */
const STEP_MAX = 500;
/** Delivery ids are `msg_` and base64url: a step looks at those with one first character. */
const SHARDS = [...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'];
/** What is left behind a removed endpoint beside its deliveries. */
const LEFT_BEHIND = ['q', 'j', 'k', 's', 'x', 'b'];

export function stepJob(
  work: DeliverWork,
  topics: DeliverTopics,
  workspace: string,
  endpointId: string,
  name: string,
  now: number,
): void {
  const key = keys.job(workspace, endpointId, name);
  const job = work.get<Job>(key);
  if (!job) return;
  const done =
    name === 'remove'
      ? remove(work, topics, workspace, endpointId, job, now)
      : inShard(work, topics, workspace, endpointId, name, job, now);
  const shard = done ? job.shard + 1 : job.shard;
  if (shard >= SHARDS.length + (name === 'remove' ? LEFT_BEHIND.length : 0)) return work.set(key, null);
  work.set(key, { ...job, shard });
  work.timer(key, 'step', now + 1);
}

/** True when nothing is left in the shard. */
function inShard(
  work: DeliverWork,
  topics: DeliverTopics,
  workspace: string,
  endpointId: string,
  name: string,
  job: Job,
  now: number,
): boolean {
  const shard = `msg_${SHARDS[job.shard]}`;
  if (name !== 'end') return recover(work, workspace, endpointId, name, shard, job.since ?? 0);
  const open = openEndpoint(work, topics, workspace, endpointId, now);
  if (!open) return true;
  const found = take(work.keys(keys.delivery(workspace, endpointId, shard)), (key) => {
    // One that is on its way ends by its own answer.
    const delivery = work.get<PendingDelivery>(key);
    return delivery !== undefined && delivery.phase !== 'sending';
  });
  for (const key of found.keys)
    open.advance(key.slice(key.lastIndexOf('/') + 1), { type: 'withdrawn', state: 'failed' });
  open.close();
  return !found.more;
}

const RECOVERED: ReadonlySet<EndState> = new Set<EndState>(['exhausted', 'failed']);

function recover(
  work: DeliverWork,
  workspace: string,
  endpointId: string,
  name: string,
  shard: string,
  since: number,
): boolean {
  // All of the shard: what was asked for is still there until its answer comes.
  for (const key of work.keys(keys.ended(workspace, endpointId, shard))) {
    const over = work.get<EndedDelivery>(key);
    if (!over || !RECOVERED.has(over.state) || over.endedAt < since) continue;
    const id = over.delivery.id;
    work.effect({
      type: 'load-request',
      id: `load-${name}-${id}`,
      key: `${workspace}/${endpointId}`,
      payload: { workspace, endpointId, deliveryId: id, mode: 'recover', offset: over.delivery.source },
    });
  }
  return true;
}

function remove(
  work: DeliverWork,
  topics: DeliverTopics,
  workspace: string,
  endpointId: string,
  job: Job,
  now: number,
): boolean {
  // Made anew under the same id: its deliveries are the new one's.
  if (work.get<Endpoint>(keys.endpoint(workspace, endpointId))) return true;
  const shard = SHARDS[job.shard];
  const prefix =
    shard === undefined
      ? `${LEFT_BEHIND[job.shard - SHARDS.length]}/${workspace}/${endpointId}/`
      : keys.delivery(workspace, endpointId, `msg_${shard}`);
  const found = take(work.keys(prefix), () => true);
  const routing = keyOf.endpoint(workspace, endpointId);
  for (const key of found.keys) {
    const delivery = shard === undefined ? undefined : work.get<PendingDelivery>(key);
    work.set(key, null);
    if (!delivery) continue;
    const value = deliveryFact('delivery.ended', { ...delivery, state: 'aborted', phase: 'ended' }, now);
    const partition = partitionOf(routing, topics.partitions('deliveries'));
    work.output({ topic: 'deliveries', partition, key: routing, value });
  }
  return !found.more;
}

function take(all: Iterable<string>, wanted: (key: string) => boolean): { keys: string[]; more: boolean } {
  const found: string[] = [];
  for (const key of all) {
    if (!wanted(key)) continue;
    if (found.length >= STEP_MAX) return { keys: found, more: true };
    found.push(key);
  }
  return { keys: found, more: false };
}
