import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { IdentityCommand } from '@cairn/contracts/generated/identity.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import {
  NO_OUTCOME,
  type TaskDefinition,
  type TaskHandler,
  type TaskOutcome,
  type TaskOutput,
  type TaskState,
} from '@cairn/task/task.ts';
import { FIRST_SWEEP, groupPrefix, SWEEP_EVERY_MS, sweepGroup, sweepKey, type Sweep } from '../core/deduplicate.ts';
import type { StitchOutput } from '../core/identity-graph.ts';
import { packStored, unpackStored } from '../core/packed-person.ts';
import { runCommand } from '../core/run-command.ts';
import { stitchTouchpoint } from '../core/stitch-touchpoint.ts';
import type { StitchMetrics } from './stitch-metrics.ts';

export const STITCH_TASK = 'stitch';
const SWEEP = 'sweep';

/**
 * The stitcher as a task: a partition of `touchpoints` in, stitched touchpoints and identity facts out. Says which core function
 * handles what, and to which partition each message goes; decides nothing itself.
 */
export function createStitchTask(deps: {
  partitions: (topic: string) => number;
  metrics: StitchMetrics;
  /** Whether the state finds the keys of a prefix without looking through all: then a sweep asks for those that are there. */
  findsPrefixes?: boolean;
}): TaskDefinition {
  const outputOf = createOutputs(deps.partitions);

  const handle: TaskHandler = function stitch(state, input, now): TaskOutcome {
    if (input.type === 'timer') return sweep(state, input.key, now, deps.findsPrefixes ?? false);
    const message = input.message as { type?: unknown } | null;
    if (message === null) return NO_OUTCOME;
    switch (message.type) {
      case 'touchpoint.admitted':
        return stitchOne(state, message as Touchpoint, now);
      case 'identity.command':
        return commandOutcome(state, message as IdentityCommand, now);
      default:
        // Throwing parks the record in dead-letters, where someone can see it.
        throw new Error(`the stitcher knows no message of type ${String(message.type)}`);
    }
  };

  function stitchOne(state: TaskState, touchpoint: Touchpoint, now: number): TaskOutcome {
    const { workspace } = touchpoint;
    const stitched = stitchTouchpoint(state, touchpoint, now);
    deps.metrics.stitched(stitched);
    if (stitched.duplicate) return NO_OUTCOME;
    const outcome = { state: stitched.changes, outputs: stitched.outputs.map((output) => outputOf(workspace, output)) };
    const key = sweepKey(workspace);
    if (state.get(key) !== undefined) return outcome;
    return {
      ...outcome,
      state: [...stitched.changes, { key, value: FIRST_SWEEP }],
      timers: [{ key, purpose: SWEEP, dueAt: now + SWEEP_EVERY_MS }],
    };
  }

  function commandOutcome(state: TaskState, command: IdentityCommand, now: number): TaskOutcome {
    const { changes, outputs } = runCommand(state, command, now);
    deps.metrics.commanded(command.command, outputs);
    return { state: changes, outputs: outputs.map((output) => outputOf(command.workspace, output)) };
  }

  return { name: STITCH_TASK, inbox: 'touchpoints', handle, stored: { write: packStored, read: unpackStored } };
}

function sweep(state: TaskState, key: string, now: number, findsPrefixes: boolean): TaskOutcome {
  const workspace = key.split('/')[1]!;
  const last = state.get<Sweep>(key) ?? FIRST_SWEEP;
  const keys = findsPrefixes ? state.keys(groupPrefix(workspace, last.group)) : undefined;
  const { changes, next } = sweepGroup((slot) => state.get(slot), workspace, last, now, keys);
  return {
    state: [...changes, { key, value: next }],
    timers: next ? [{ key, purpose: SWEEP, dueAt: now + SWEEP_EVERY_MS }] : [],
  };
}

function createOutputs(partitions: (topic: string) => number): (workspace: string, output: StitchOutput) => TaskOutput {
  return function outputOf(workspace, output) {
    switch (output.to) {
      case 'subject': {
        const key = keyOf.subject(workspace, output.subjectId);
        return {
          topic: 'journey-inbox',
          partition: partitionOf(key, partitions('journey-inbox')),
          key,
          value: output.message,
        };
      }
      case 'identities': {
        const partition = partitionOf(keyOf.workspace(workspace), partitions('identities'));
        return { topic: 'identities', partition, key: output.key, value: output.message };
      }
    }
  };
}
