import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { deliveryFact } from '../../core/deliver/delivery-fact.ts';
import type { EndState, Endpoint } from '../../core/deliver/model.ts';
import { openEndpoint } from './deliver-endpoint.ts';
import type { DeliverTopics } from './deliver-endpoint.ts';
import { keys, readDelivery } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';
import type { Job } from './start-job.ts';

/**
 * What concerns all deliveries of an endpoint is done in steps, a timer each, so that an endpoint with a million of them never
 * holds up the others: end those that wait (`end`), or that were withdrawn (`withdraw`), send again what failed (`recover-…`), forget everything (`remove`).
 */

/** Keys handled in a step; more would hold up the cycle. */
const STEP_MAX = 500;
/** Delivery ids are `msg_` and base64url: looked at by their first character, so that no look takes them all. */
const SHARDS = [...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'].map((first) => `msg_${first}`);
const RECOVERED: ReadonlySet<EndState> = new Set<EndState>(['exhausted', 'failed']);

interface Place {
  work: DeliverWork;
  topics: DeliverTopics;
  workspace: string;
  endpointId: string;
  now: number;
}

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
  const place: Place = { work, topics, workspace, endpointId, now };
  const prefixes = prefixesOf(place, name);
  let { shard } = job;
  for (let left = STEP_MAX; left > 0 && shard < prefixes.length;) {
    const { done, more } = handleSome(place, name, job, prefixes[shard]!, left);
    left -= done;
    if (more) break;
    shard++;
  }
  if (shard >= prefixes.length) return work.set(key, null);
  work.set(key, { ...job, shard });
  work.timer(key, 'step', now + 1);
}

function prefixesOf({ workspace, endpointId }: Place, name: string): string[] {
  const of = (kind: string): string => `${kind}/${workspace}/${endpointId}/`;
  const sharded = (kind: string): string[] => SHARDS.map((shard) => of(kind) + shard);
  if (name !== 'remove') return sharded('d');
  return [...sharded('d'), of('q'), of('j'), of('k'), of('s'), of('i')];
}

function handleSome(
  place: Place,
  name: string,
  job: Job,
  prefix: string,
  most: number,
): { done: number; more: boolean } {
  if (name === 'end') return endSome(place, prefix, most);
  if (name === 'remove') return removeSome(place, prefix, most);
  if (name === 'withdraw') return withdrawShard(place, prefix);
  return recoverAll(place, name, prefix, job.since ?? 0);
}

function endSome({ work, topics, workspace, endpointId, now }: Place, prefix: string, most: number) {
  const open = openEndpoint(work, topics, workspace, endpointId, now);
  if (!open) return { done: 0, more: false };
  // One that is on its way ends by its own answer.
  const found = take(work.keys(prefix), most, (key) => {
    const { pending } = readDelivery(work, key);
    return pending !== null && pending.phase !== 'sending';
  });
  if (found.keys.length > 0) {
    for (const key of found.keys)
      open.advance(key.slice(key.lastIndexOf('/') + 1), { type: 'withdrawn', state: 'failed' });
    open.close();
  }
  return { done: found.keys.length, more: found.more };
}

/** The whole shard: what is concerned is known only once it is read. */
function withdrawShard({ work, topics, workspace, endpointId, now }: Place, prefix: string) {
  const open = openEndpoint(work, topics, workspace, endpointId, now);
  if (!open) return { done: 0, more: false };
  let done = 0;
  for (const key of work.keys(prefix)) {
    if (!readDelivery(work, key).pending) continue;
    open.withdrawIfAsked(key.slice(key.lastIndexOf('/') + 1));
    done++;
  }
  if (done > 0) open.close();
  return { done, more: false };
}

/** The whole shard: what was asked for is still there until its answer comes. */
function recoverAll({ work, workspace, endpointId }: Place, name: string, prefix: string, since: number) {
  let done = 0;
  for (const key of work.keys(prefix)) {
    const { over } = readDelivery(work, key);
    if (!over || !RECOVERED.has(over.state) || over.endedAt < since) continue;
    const id = over.delivery.id;
    done++;
    work.effect({
      type: 'load-request',
      id: `load-${name}-${id}`,
      key: `${workspace}/${endpointId}`,
      payload: { workspace, endpointId, deliveryId: id, mode: 'recover', offset: over.delivery.source },
    });
  }
  return { done, more: false };
}

function removeSome({ work, topics, workspace, endpointId, now }: Place, prefix: string, most: number) {
  // Made anew under the same id: what is there is the new one's.
  if (work.get<Endpoint>(keys.endpoint(workspace, endpointId))) return { done: 0, more: false };
  const found = take(work.keys(prefix), most, () => true);
  const routing = keyOf.endpoint(workspace, endpointId);
  for (const key of found.keys) {
    const pending = prefix.startsWith('d/') ? readDelivery(work, key).pending : null;
    work.set(key, null);
    if (!pending) continue;
    const value = deliveryFact('delivery.ended', { ...pending, state: 'aborted', phase: 'ended' }, now);
    const partition = partitionOf(routing, topics.partitions('deliveries'));
    work.output({ topic: 'deliveries', partition, key: routing, value });
  }
  return { done: found.keys.length, more: found.more };
}

function take(
  all: Iterable<string>,
  most: number,
  wanted: (key: string) => boolean,
): { keys: string[]; more: boolean } {
  const found: string[] = [];
  for (const key of all) {
    if (!wanted(key)) continue;
    if (found.length >= most) return { keys: found, more: true };
    found.push(key);
  }
  return { keys: found, more: false };
}
