/** Every story under golden/: a page for people, a definition, inputs, and what is expected of them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readItem } from '@cairn/cli/stories/story-items.ts';
import type { Story } from '@cairn/cli/stories/run-story.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';

export interface GoldenStory extends Story {
  name: string;
  expectedPath: string;
  expected: string;
}

export function readStories(): GoldenStory[] {
  return readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(import.meta.dirname, entry.name, 'inputs.jsonl')))
    .map(({ name }) => readStory(name));
}

function readStory(name: string): GoldenStory {
  const folder = join(import.meta.dirname, name);
  const items = linesOf(join(folder, 'inputs.jsonl')).map((line, i) => readItem(line, i + 1));
  const expectedPath = join(folder, 'expected.jsonl');
  const versions = Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.yaml') && file !== 'definition.yaml')
      .map((file) => [file, definitionIn(join(folder, file))]),
  );
  return {
    name,
    definition: definitionIn(join(folder, 'definition.yaml')),
    versions,
    items,
    until: null,
    expectedPath,
    expected: existsSync(expectedPath) ? readFileSync(expectedPath, 'utf8') : '',
  };
}

function definitionIn(path: string): JourneyDefinition {
  const loaded = loadDefinition(readFileSync(path, 'utf8'));
  if (loaded.ok) return loaded.definition;
  throw new Error(`${path}: ${loaded.faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ')}`);
}

function linesOf(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('//'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
