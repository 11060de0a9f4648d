import type { NewRecord } from '@cairn/log/log.ts';
import { TRACE_HEADER } from './log-time.ts';
import { sealEffect } from './pending-effect.ts';
import type { PendingEffect } from './pending-effect.ts';
import { MAX_PURPOSE_BYTES, RESERVED_PREFIX, serialise } from './state-map.ts';
import type { TaskDefinition, TaskOutcome, TaskOutput } from './task.ts';

/**
 * Decides whether what a handler returned can be committed at all, before any of it is applied: what no log would take would stop
 * the partition for ever, here it is blamed on its record. Throws with what is wrong; changes nothing.
 */
export interface SealedOutcome {
  outputs: NewRecord[];
  effects: PendingEffect[];
}

export interface SealOptions {
  effects: TaskDefinition['effects'];
  topicPartitions: (topic: string) => number;
  /** Of the record that led to it. */
  traceparent: string | undefined;
  /** Try to serialise the state, too. */
  careful: boolean;
}

export function sealOutcome(outcome: TaskOutcome, options: SealOptions): SealedOutcome {
  const { traceparent } = options;
  for (const { key, value } of outcome.state ?? []) {
    checkKey(key);
    if (value === undefined) throw new TypeError(`state of ${key} is undefined`);
    if (options.careful) serialise(`state of ${key}`, value);
  }
  for (const { key, purpose, dueAt } of outcome.timers ?? []) {
    checkKey(key);
    if (Buffer.byteLength(purpose) > MAX_PURPOSE_BYTES) throw new RangeError(`timer ${purpose} of ${key}: too long`);
    if (dueAt !== null && !Number.isFinite(dueAt))
      throw new RangeError(`timer ${purpose} of ${key} is due at ${dueAt}`);
  }
  return {
    outputs: outcome.outputs?.map((output) => sealOutput(output, options)) ?? [],
    effects:
      outcome.effects?.map((effect) => {
        if (!options.effects?.[effect.type]) throw new RangeError(`no runner for effects of type ${effect.type}`);
        return sealEffect(effect, traceparent);
      }) ?? [],
  };
}

function checkKey(key: string): void {
  if (key === '' || key.startsWith(RESERVED_PREFIX)) throw new RangeError(`a state key may not be "${key}"`);
}

function sealOutput(output: TaskOutput, { topicPartitions, traceparent }: SealOptions): NewRecord {
  const { topic, partition, key, value } = output;
  const partitions = topicPartitions(topic);
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new RangeError(`partition ${partition} of ${topic}, which has ${partitions}`);
  if (value === undefined) throw new TypeError(`output to ${topic} is undefined`);
  const sealed = value === null ? null : serialise(`output to ${topic}`, value);
  const headers =
    traceparent === undefined || output.headers?.[TRACE_HEADER] !== undefined
      ? output.headers
      : { ...output.headers, [TRACE_HEADER]: traceparent };
  return { topic, partition, key, value: sealed, ...(headers ? { headers } : {}) };
}
