/**
 * Puts each change of a definition or an endpoint where it is acted upon: into every partition of `journey-inbox` (and endpoints into
 * `delivery-inbox`), in order with everything else there. Tells on `control` when a definition is live. Decides nothing.
 */
import type { ControlFile, DefinitionLive } from '@cairn/contracts/generated/control.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { NO_OUTCOME, type TaskDefinition, type TaskOutcome, type TaskOutput } from '@cairn/task/task.ts';
import type { Partitions } from '../advance/journey-records.ts';

export const CONTROL_TASK = 'control';

export function createControlTask(deps: { partitions: Partitions }): TaskDefinition {
  function toAll(topic: string, key: string, value: unknown): TaskOutput[] {
    return Array.from({ length: deps.partitions(topic) }, (_, partition) => ({ topic, partition, key, value }));
  }

  function route(key: string, change: ControlFile, now: number): TaskOutcome {
    switch (change.type) {
      case 'definition.put': {
        const { workspace, name, version } = change;
        // The text is for people: journeys are advanced by what was loaded of it.
        const { source: _source, ...loaded } = change;
        const live: DefinitionLive = { type: 'definition.live', workspace, name, version, at: now };
        const liveKey = keyOf.control(workspace, 'definition-live', name);
        return {
          outputs: [
            ...toAll('journey-inbox', key, loaded),
            { topic: 'control', partition: 0, key: liveKey, value: live },
          ],
        };
      }
      case 'endpoint.put':
      case 'endpoint.removed':
        return { outputs: [...toAll('journey-inbox', key, change), ...toAll('delivery-inbox', key, change)] };
      case 'workspace.put':
      case 'token.put':
      case 'token.withdrawn':
      case 'source.put':
      case 'definition.version':
      case 'definition.live':
      case 'erasure.told':
        return NO_OUTCOME;
      default:
        change satisfies never;
        return NO_OUTCOME;
    }
  }

  return {
    name: CONTROL_TASK,
    inbox: 'control',
    handle: function copyControl(_state, input, now) {
      if (input.type === 'timer' || input.message === null) return NO_OUTCOME;
      return route(input.record.key, input.message as ControlFile, now);
    },
  };
}
