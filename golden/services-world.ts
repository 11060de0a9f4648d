/** Stories through the services' own tasks on a memory log: commit cycles, ticks and timers as in production, everything serialised. */
import { createAdvanceTask } from '@cairn/orchestrator/shell/advance/advance-task.ts';
import { STORY_WORKSPACE, type CreateStoryWorld, type StoryFact } from '@cairn/cli/stories/run-story.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { createStitchTask } from '@cairn/stitcher/shell/stitch-task.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';

const TOPICS = [
  'touchpoints',
  'identities',
  'journey-inbox',
  'journeys',
  'alerts',
  'actions',
  'delivery-inbox',
  'dead-letters',
];
const FACTS = ['journeys', 'alerts', 'actions'] as const;
const encoder = new TextEncoder();

export const createServicesWorld: CreateStoryWorld = async (startAt, onFact) => {
  const world = createMemoryWorld({ topics: TOPICS, inbox: 'touchpoints', startMs: startAt });
  const partitions = (topic: string): number => world.log.partitions(topic);
  const none = { stitched(): void {}, commanded(): void {}, advanced(): void {} };
  await runTask(world.log, world.clock, createStitchTask({ partitions, metrics: none }));
  await runTask(world.log, world.clock, createAdvanceTask({ partitions, metrics: none }));
  const seen: Record<string, number> = {};

  /** Each topic has its own order; what is told at one moment is read topic by topic. */
  async function tell(): Promise<void> {
    await world.clock.advance(0);
    for (const topic of FACTS) {
      const values = world.values(topic);
      values.slice(seen[topic] ?? 0).forEach((value) => onFact(value as StoryFact));
      seen[topic] = values.length;
    }
  }
  async function append(key: string, value: unknown): Promise<void> {
    await world.log.append([
      { topic: 'journey-inbox', partition: 0, key, value: encoder.encode(JSON.stringify(value)) },
    ]);
    await tell();
  }

  return {
    define: (definition, version, at) =>
      append(keyOf.control(STORY_WORKSPACE, 'definition', definition.name), {
        type: 'definition.put',
        workspace: STORY_WORKSPACE,
        name: definition.name,
        version,
        definition,
        by: 'story',
        at,
      }),
    async take(touchpoint) {
      await world.send({ key: STORY_WORKSPACE, value: touchpoint });
      await tell();
    },
    command: (key, message) => append(key, message),
    async until(at) {
      await world.clock.advance(Math.max(0, at - world.clock.now()));
      await tell();
    },
    end() {
      const dead = world.values('dead-letters');
      if (dead.length > 0) throw new Error(JSON.stringify(dead[0]));
    },
  };
};
