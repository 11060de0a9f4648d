/** What a partition has learned of a definition's actions, in the task's state; each change is told on topic `actions`, whole. */
import type { PolicyTotals } from '@cairn/contracts/generated/action.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import {
  changeMemory,
  NO_MEMORY,
  policyVersion,
  type DefinitionMemory,
  type MemoryChange,
} from '../../core/next-best-action/memory.ts';
import type { JourneyPlace } from '../../core/render-journey.ts';
import { advanceKeys } from './advance-keys.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';

export function storedMemory(work: DeliverWork, workspace: string, definition: string): DefinitionMemory {
  return work.get<DefinitionMemory>(advanceKeys.memory(workspace, definition)) ?? NO_MEMORY;
}

export function changeStoredMemory(
  work: DeliverWork,
  partitions: (topic: string) => number,
  { workspace, definition, subject }: JourneyPlace,
  change: MemoryChange,
  now: number,
): void {
  const memory = changeMemory(storedMemory(work, workspace, definition.name), change);
  work.set(advanceKeys.memory(workspace, definition.name), memory);
  if (change.kind === 'owner-assigned') return;
  const key = keyOf.subject(workspace, subject.host ?? subject.id);
  const value: PolicyTotals = {
    type: 'policy.totals',
    workspace,
    definition: definition.name,
    partition: partitionOf(key, partitions('journey-inbox')),
    at: now,
    policyVersion: policyVersion(memory.policy),
    arms: { ...memory.totals },
  };
  work.output({ topic: 'actions', partition: partitionOf(key, partitions('actions')), key, value });
}
