import { describe, expect, it } from 'vitest';
import { runStory } from '@cairn/cli/stories/run-story.ts';
import { readStories } from './read-stories.ts';
import { createServicesWorld } from './services-world.ts';
import { textOf } from './text-of.ts';

/** Topics have no order among each other: what is told at one moment is compared as a set. */
const sorted = (text: string): string[] => text.split('\n').sort();

describe('golden journeys through the services on a log in memory', () => {
  it.each(readStories().map((story) => [story.name, story] as const))('%s', async (_name, story) => {
    const told = await runStory(story, createServicesWorld);
    expect(sorted(textOf(told.lines))).toEqual(sorted(story.expected));
  });
});
