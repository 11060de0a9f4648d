import type { TopicConfig } from '../log.ts';
import type { LogHarness } from './harness.ts';

/** The topics of one test, named apart from those of others by `prefix`, and how the log is to be configured for them. */
export function contractTopics(prefix: string): { topics: LogHarness['topics']; configs: TopicConfig[] } {
  const topics = {
    inbox: `${prefix}.inbox`,
    outputs: `${prefix}.outputs`,
    facts: `${prefix}.facts`,
    laggingFacts: `${prefix}.lagging-facts`,
    shortLived: `${prefix}.short-lived`,
  };
  return {
    topics,
    configs: [
      { name: topics.inbox, partitions: 4, cleanup: 'delete', retentionMs: null },
      { name: topics.outputs, partitions: 2, cleanup: 'delete', retentionMs: null },
      { name: topics.facts, partitions: 1, cleanup: 'compact', retentionMs: null },
      { name: topics.laggingFacts, partitions: 1, cleanup: 'compact', retentionMs: null, minCompactionLagMs: 60_000 },
      { name: topics.shortLived, partitions: 1, cleanup: 'delete', retentionMs: 60_000 },
    ],
  };
}
