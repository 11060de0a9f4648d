import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCoreWorld } from '@cairn/cli/stories/core-world.ts';
import { runStory } from '@cairn/cli/stories/run-story.ts';
import { readStories } from './read-stories.ts';
import { textOf } from './text-of.ts';

const stories = readStories();

describe('golden journeys', () => {
  it('are thirty at least, each with a page that says what happens and why', () => {
    expect(stories.length).toBeGreaterThanOrEqual(30);
    for (const { name } of stories) {
      const page = join(import.meta.dirname, name, 'story.md');
      expect(existsSync(page) ? readFileSync(page, 'utf8').length : 0, name).toBeGreaterThan(200);
    }
  });

  it.each(stories.map((story) => [story.name, story] as const))('%s: through the core alone', async (_name, story) => {
    const told = await runStory(story, createCoreWorld);
    // Not as it should be? `node golden/update.ts` shows the difference, and writes it with --update.
    expect(textOf(told.lines)).toBe(story.expected);
  });
});
