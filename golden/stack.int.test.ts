import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { topicConfigs } from '@cairn/cli/embedded/open-log.ts';
import { runStory } from '@cairn/cli/stories/run-story.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { hostHistory } from '@cairn/history/history-host.ts';
import { liveFeedConfig } from '@cairn/live-feed/config.ts';
import { startLiveFeed } from '@cairn/live-feed/service.ts';
import { touchpointHistory } from '@cairn/live-feed/shell/history-timeline.ts';
import { createWorkspace } from '@cairn/orchestrator/shell/control/control-routes.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { waitUntil } from '@cairn/testkit/wait-until.ts';
import { readStories } from './read-stories.ts';
import { createStackWorld, type Stack } from './stack-world.ts';
import { textOf } from './text-of.ts';

/** Topics and partitions have no order among each other: what is told is compared as a set. */
const sorted = (text: string): string[] => text.split('\n').sort();
/** Each partition takes the owners in turn for itself: which of them is first is not the story's to say here. */
const IN_TURN = 'owners-in-turn';
/** And learns pauses for itself: what is normal by so few is not the same. */
const LEARNED = 'one-alert-a-day';
const plain = (name: string, text: string): string => {
  if (name === LEARNED) return text.replaceAll(/; [\d.]+ (?:hours |days )?is normal here, and \d+ %/g, '; as learned');
  return name === IN_TURN ? text.replaceAll(/"owner":"(?:Ada|Ben)"/g, '"owner":"in turn"') : text;
};

/** With the live feed and chDB, asked over HTTP. */
const SHOWN = ['won-back-by-an-action', 'one-step-for-two-halves'];

type StoryJourney = JourneyChanged['journey'];

interface Shown {
  name: string;
  status: string;
  stage: string;
  seq: number;
  touchpoints: number;
  /** Items of its timeline, those that the history alone has among them. */
  told: number;
}

describe('golden journeys through the services of one process on LMDB', () => {
  it.each(readStories().map((story) => [story.name, story] as const))('%s', async (name, story) => {
    let shown: Shown[] | null = null;
    const atEnd = SHOWN.includes(name) ? async (stack: Stack) => void (shown = await show(stack)) : undefined;
    const told = await runStory(story, createStackWorld(atEnd));
    expect(sorted(plain(name, textOf(told.lines)))).toEqual(sorted(plain(name, story.expected)));
    if (!atEnd) return;
    // By name one that was renamed is there twice.
    const newest = new Map<string, StoryJourney>();
    for (const journey of told.journeys.values())
      if ((newest.get(journey.id)?.seq ?? -1) < journey.seq) newest.set(journey.id, journey);
    const living = [...newest.values()].filter(({ status }) => status !== 'absorbed');
    expect(shown).toHaveLength(living.length);
    expect(shown).toEqual(
      expect.arrayContaining(
        living.map(({ name, status, stage, seq, touchpoints }) => ({
          name,
          status,
          stage,
          seq,
          touchpoints,
          told: touchpoints,
        })),
      ),
    );
  });
});

/** What the read API answers: the journeys from the view, their timelines also from chDB. */
async function show({ ports, dataDir }: Stack): Promise<Shown[]> {
  const history = await hostHistory({
    sink: true,
    log: { kind: 'lmdb', path: join(dataDir, 'log'), topics: topicConfigs('embedded') },
    target: { chdbPath: join(dataDir, 'history') },
  });
  const feed = await startLiveFeed(ports, {
    ...liveFeedConfig(dataDir),
    touchpointHistory: touchpointHistory(history),
  });
  const { logger, metrics } = ports;
  const front = createHttpFront({ services: [feed], clock: systemClock, metrics, logger });
  try {
    const { url } = await front.listen();
    const { adminToken } = await createWorkspace(
      { ports, defaultDefinition: async () => ({ name: 'none', definition: {} }) },
      { id: 'default', name: 'story', by: 'story' },
    );
    const get = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${adminToken}` } })).json()) as T;
    await waitUntil(() => feed.ready(), systemClock);
    await history.caughtUp();
    const { items } = await get<{ items: (Shown & { id: string })[] }>('/api/journeys?limit=500');
    return await Promise.all(
      items
        .filter(({ status }) => status !== 'absorbed')
        .map(async ({ id, name, status, stage, seq, touchpoints }) => {
          const timeline = await get<{ items: unknown[] }>(`/api/journeys/${id}/touchpoints?limit=500`);
          return { name, status, stage, seq, touchpoints, told: timeline.items.length };
        }),
    );
  } finally {
    await front.close(1_000);
    await feed.stop();
    await history.stop();
  }
}
