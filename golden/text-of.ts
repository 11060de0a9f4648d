/** The lines of expected.jsonl. */
import type { StoryLine } from '@cairn/cli/stories/story-lines.ts';

export function textOf(lines: readonly StoryLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
