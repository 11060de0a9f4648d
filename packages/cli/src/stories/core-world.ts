/** Stories through the core alone: the replay's loop, nothing serialised, no log. */
import { createReplayWorld } from '@cairn/replay/replay-world.ts';
import { STORY_WORKSPACE, type CreateStoryWorld, type StoryFact } from './run-story.ts';

const TOLD: ReadonlySet<string> = new Set(['journeys', 'alerts', 'actions']);

export const createCoreWorld: CreateStoryWorld = (_startAt, onFact) => {
  let failure: Error | null = null;
  const world = createReplayWorld(
    STORY_WORKSPACE,
    {
      onFacts(outputs) {
        for (const { topic, value } of outputs) if (TOLD.has(topic)) onFact(value as StoryFact);
      },
      onFailure(error) {
        failure ??= error instanceof Error ? error : new Error(String(error));
      },
    },
    { whole: true },
  );
  return {
    define: (definition, version, at) => world.define(definition, version, at),
    take: (touchpoint) => void world.take(touchpoint, touchpoint.receivedAt),
    command: (key, message, at) => world.send(key, message, at),
    until: (at) => world.until(at),
    end() {
      if (failure) throw failure;
    },
  };
};
