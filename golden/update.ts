/**
 * `node golden/update.ts [NAME…] [--update]`: shows where stories differ from what they expect; with --update their expected.jsonl is
 * written anew. Look at the difference before you commit it.
 */
import { writeFileSync } from 'node:fs';
import { createCoreWorld } from '@cairn/cli/stories/core-world.ts';
import { runStory } from '@cairn/cli/stories/run-story.ts';
import { readStories } from './read-stories.ts';
import { textOf } from './text-of.ts';

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const writes = process.argv.includes('--update');
let differing = 0;
for (const story of readStories()) {
  if (names.length > 0 && !names.includes(story.name)) continue;
  const text = textOf((await runStory(story, createCoreWorld)).lines);
  if (text === story.expected) continue;
  differing++;
  console.log(`\n${story.name}`);
  const before = story.expected.split('\n');
  const after = text.split('\n');
  for (const line of before) if (line !== '' && !after.includes(line)) console.log(`- ${line}`);
  for (const line of after) if (line !== '' && !before.includes(line)) console.log(`+ ${line}`);
  if (writes) writeFileSync(story.expectedPath, text);
}
console.log(
  differing === 0
    ? 'every story is told as expected'
    : `${differing} ${differing === 1 ? 'story differs' : 'stories differ'}${writes ? '; written' : ''}`,
);
process.exitCode = differing > 0 && !writes ? 1 : 0;
