/**
 * The one place where kafkajs 2.2.4 (the last release, 2023) is patched. Importing this file applies the patches; everything that
 * uses kafkajs imports it. Each patch names the fault and what goes wrong without it; log.kafka.int.test.ts shows each.
 */
import { createRequire } from 'node:module';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { decodeFetchResponse } from './kafka-fetch-response.ts';
import { committedRecords, decodeRecordBatches } from './kafka-record-batch.ts';

const require = createRequire(import.meta.url);

stopTheIdleTimerLoop();
lookForTimeoutsOnceASecond();
readBatchesAsTheyAre();
letMembersJoinAgain();

interface RequestQueue {
  pending: unknown[];
  inflight: Map<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  enforceRequestTimeout: boolean;
  isConnected(): boolean;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

/**
 * With nothing pending kafkajs arms a timer of `throttledUntil - now`, a large negative number: Node fires it at once, it arms
 * itself again, and each connection burns CPU for ever (Node 24 prints TimeoutNegativeWarning as well). With nothing pending
 * there is nothing to check: `push` and `fulfillRequest` call it again.
 */
function stopTheIdleTimerLoop(): void {
  const RequestQueue = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const original = RequestQueue.prototype.scheduleCheckPendingRequests;
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(
    this: RequestQueue,
  ): void {
    if (this.pending.length > 0) original.call(this);
  };
}

/** kafkajs looks ten times a second at each connection for requests that took too long: with twenty connections, half a percent of a core. */
const TIMEOUT_CHECK_MS = 1_000;

function lookForTimeoutsOnceASecond(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const cancels = new WeakMap<RequestQueue, () => void>();
  const destroy = prototype.destroy;
  prototype.destroy = function (this: RequestQueue): void {
    cancels.get(this)?.();
    destroy.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function scheduleRequestTimeoutCheck(this: RequestQueue): void {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    const look = (): void => {
      for (const request of [...this.inflight.values()])
        if (systemClock.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      if (!this.isConnected()) this.destroy();
    };
    cancels.set(this, systemClock.every(TIMEOUT_CHECK_MS, look));
  };
}

/**
 * Two faults of kafkajs's consumer, mended where it reads the answer to a fetch:
 * - It takes the list of aborted transactions to be in the order of their first offsets. It is in the order of their ends: with
 *   two producers at work, records of an aborted transaction come through.
 * - It goes on from the last record it saw, so a batch that compaction emptied is fetched again for ever.
 * Our reading leaves aborted records out and ends every stretch with a record at its last offset, marked as a control record:
 * kafkajs filters it out and goes on behind it.
 */
function readBatchesAsTheyAre(): void {
  interface FetchResponse {
    decode(raw: Buffer): Promise<unknown>;
  }
  const response = require('kafkajs/src/protocol/requests/fetch/v11/response') as FetchResponse;
  response.decode = async function decode(raw) {
    const { throttleMs, errorCode, sessionId, partitions } = decodeFetchResponse(raw);
    const responses = partitions.map((fetched) => {
      const { records, nextOffset } = committedRecords(decodeRecordBatches(fetched.bytes), fetched.aborted, 0n);
      const batchContext = { producerId: '-1', inTransaction: false };
      const messages = records.map(({ offset, at, key, value, headers }) => ({
        offset: String(offset),
        timestamp: String(at),
        key,
        value,
        headers,
        isControlRecord: false,
        batchContext,
      }));
      const last = {
        offset: String(nextOffset - 1n),
        timestamp: '0',
        key: null,
        value: null,
        headers: {},
        isControlRecord: true,
        batchContext,
      };
      if (nextOffset > 0n && records.at(-1)?.offset !== nextOffset - 1n) messages.push(last);
      const partition = {
        partition: fetched.partition,
        errorCode: fetched.errorCode,
        highWatermark: String(fetched.highWatermark),
        lastStableOffset: String(fetched.lastStableOffset),
        abortedTransactions: [],
        preferredReadReplica: -1,
        messages,
      };
      return { topicName: fetched.topic, partitions: [partition] };
    });
    return { throttleTime: 0, clientSideThrottleTime: throttleMs, errorCode, sessionId, responses };
  };
}

const joinAgain = new Set<string>();
const muted = new Set<string>();

/**
 * Makes the member join its group again at its next heartbeat. kafkajs has no such call, and a member that has let go of a
 * partition must tell the group, or nobody ever gets it.
 */
export function rejoinGroup(memberId: string): void {
  joinAgain.add(memberId);
}

/**
 * The member says nothing to its group until the returned function is called: what a process that hangs looks like to the others.
 * For tests of fencing.
 */
export function muteHeartbeats(memberId: string): () => void {
  muted.add(memberId);
  return () => muted.delete(memberId);
}

function letMembersJoinAgain(): void {
  interface ConsumerGroup {
    memberId: string | null;
    heartbeat(options: { interval: number }): Promise<void>;
  }
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup };
  const { KafkaJSProtocolError } = require('kafkajs/src/errors') as {
    KafkaJSProtocolError: new (error: object) => Error;
  };
  const original = ConsumerGroup.prototype.heartbeat;
  ConsumerGroup.prototype.heartbeat = async function heartbeat(this: ConsumerGroup, options) {
    if (this.memberId !== null && muted.has(this.memberId)) return;
    if (this.memberId !== null && joinAgain.delete(this.memberId))
      throw new KafkaJSProtocolError({
        type: 'REBALANCE_IN_PROGRESS',
        code: 27,
        retriable: false,
        message: 'asked to join again',
      });
    return original.call(this, options);
  };
}
