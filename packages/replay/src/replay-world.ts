/**
 * Stitch → advance in memory: the services' own tasks, one partition each, under one virtual time that only rises. What the stitcher
 * writes to the journeys' inbox, and what they write to their own, is handled at once, in order. Never reads a clock, decides nothing.
 */
import type { DefinitionPut } from '@cairn/contracts/generated/control.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { createAdvanceTask } from '@cairn/orchestrator/shell/advance/advance-task.ts';
import { createStitchTask } from '@cairn/stitcher/shell/stitch-task.ts';
import type { TaskInput, TaskOutput, TaskState } from '@cairn/task/task.ts';
import { renderLightly } from './light-journey.ts';
import { createMemoryTask, type MemoryTask } from './memory-task.ts';

export interface ReplayWorld {
  /** Of the advance task; of the first, where there are several. */
  readonly state: TaskState;
  /** Of each advance task. */
  readonly states: readonly TaskState[];
  /** At the touchpoint's own time, or when it came; what was due by then has fired. False: it was a duplicate, or of someone erased. */
  take(touchpoint: Touchpoint, at?: number): boolean;
  /** Lets time pass: fires what is due up to `at`. */
  until(at: number): void;
  /** A message of `journey-inbox` at log time `at`; what was due by then has fired. */
  send(key: string, message: unknown, at: number): void;
  /** Puts a definition live, in the first advance task or another. */
  define(definition: JourneyDefinition, version: number, at: number, task?: number): void;
}

export interface ReplayObserver {
  /** Facts, in the order of virtual time: records of `journeys`, `alerts`, `actions`. */
  onFacts(outputs: readonly TaskOutput[], at: number): void;
  onFailure(error: unknown, input: TaskInput, at: number): void;
}

const ONE_PARTITION = (): number => 1;
const NOT_COUNTED = { stitched(): void {}, commanded(): void {}, advanced(): void {} };

/**
 * `whole`: journeys are told whole, as the services tell them; a replay of millions leaves out what it does not read. `others`: advance
 * tasks of their own beside the first, for other definitions over the same stitched touchpoints.
 */
export function createReplayWorld(
  workspace: string,
  observer: ReplayObserver,
  { whole = false, others = [] }: { whole?: boolean; others?: readonly ReplayObserver[] } = {},
): ReplayWorld {
  let stitched = false;
  const tasks = [observer, ...others].map((one) => createAdvance(one, whole));
  const stitch: MemoryTask = createMemoryTask(
    createStitchTask({ partitions: ONE_PARTITION, metrics: NOT_COUNTED, findsPrefixes: true }),
    {
      onOutputs(outputs, at) {
        const messages = outputs.filter(({ topic }) => topic === 'journey-inbox');
        stitched ||= messages.some(({ value }) => (value as { type: string }).type === 'touchpoint.stitched');
        // All of them first: what the journeys write to their own inbox comes after what the stitcher wrote in one commit.
        for (const task of tasks) task.send(messages, at);
      },
      onFailure: observer.onFailure,
    },
  );

  function until(at: number): void {
    stitch.fireUntil(at);
    for (const { advance } of tasks) advance.fireUntil(at);
  }

  const key = keyOf.workspace(workspace);
  return {
    state: tasks[0]!.advance.state,
    states: tasks.map(({ advance }) => advance.state),
    until,
    take(touchpoint, at = touchpoint.timestamp) {
      until(at);
      stitched = false;
      stitch.take(key, touchpoint, at);
      return stitched;
    },
    send(key, message, at) {
      until(at);
      for (const { advance } of tasks) advance.take(key, message, at);
    },
    define(definition, version, at, task = 0) {
      const { name } = definition;
      const change: DefinitionPut = {
        type: 'definition.put',
        workspace,
        name,
        version,
        definition: { ...definition },
        by: 'replay',
        at,
      };
      tasks[task]!.advance.take(keyOf.control(workspace, 'definition', name), change, at);
    },
  };
}

/** An advance task, and what it writes to its own inbox handed back to it, in order. */
function createAdvance(
  observer: ReplayObserver,
  whole: boolean,
): {
  advance: MemoryTask;
  send(outputs: readonly TaskOutput[], at: number): void;
} {
  /** Records of `journey-inbox` that wait for the one before them. */
  const waiting: TaskOutput[] = [];
  let isPassing = false;

  const advance: MemoryTask = createMemoryTask(
    createAdvanceTask({
      partitions: ONE_PARTITION,
      metrics: NOT_COUNTED,
      ...(whole ? {} : { renderJourney: renderLightly }),
    }),
    {
      onOutputs(outputs, at) {
        observer.onFacts(outputs, at);
        for (const output of outputs) if (output.topic === 'journey-inbox') waiting.push(output);
        if (waiting.length > 0) pass(at);
      },
      onFailure: observer.onFailure,
    },
  );

  function pass(at: number): void {
    if (isPassing) return;
    isPassing = true;
    for (let output = waiting.shift(); output; output = waiting.shift())
      advance.take(output.key, output.value, at, output.headers);
    isPassing = false;
  }

  return {
    advance,
    send(outputs, at) {
      waiting.push(...outputs);
      pass(at);
    },
  };
}
