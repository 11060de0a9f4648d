/** The tables of the protocol documents are the code's own lists, word for word. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TOPICS } from '@cairn/contracts/topics.ts';
import deliveryFact from '../../schemas/delivery/1-1-0.json' with { type: 'json' };
import { REFUSALS } from '@cairn/ingest/core/refusals.ts';
import { CLOSE, ERRORS, LIMITS } from '@cairn/live-feed/core/feed-protocol.ts';
import { DEFAULT_SCHEDULE } from '@cairn/orchestrator/core/deliver/schedule.ts';
import { FAILURE_CODES } from '@cairn/orchestrator/shell/deliver/failure-code.ts';

const DAY_MS = 86_400_000;
const yesNo = (yes: boolean): string => (yes ? 'yes' : 'no');
const text = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.md`), 'utf8');

/** The rows of the table whose head starts with this column, without their back quotes. */
function table(name: string, head: string): string[][] {
  const lines = text(name).split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  if (start < 0) throw new Error(`${name}.md has no table of ${head}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? rows.length : end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('docs/protocols/live-feed.md', () => {
  it('has every error with its message', () => {
    const errors = Object.values(ERRORS).map(({ code, message, temporary }) => [
      String(code),
      message,
      yesNo(temporary),
    ]);
    expect(table('live-feed', 'code | message')).toEqual(errors);
  });

  it('has every close code, and whether to come back', () => {
    const codes = Object.values(CLOSE)
      .map(({ code, reason }) => [String(code), reason, yesNo(code >= 3000 && code < 3500)])
      .sort(([one], [other]) => Number(one) - Number(other));
    expect(table('live-feed', 'code | reason')).toEqual(codes);
  });

  it('says the limits that a client meets', () => {
    const page = text('live-feed');
    expect(page).toContain(`within ${LIMITS.authenticateWithinMs / 1_000} s: \`authenticate\``);
    expect(page).toContain(`every ${LIMITS.pingEveryMs / 1_000} s`);
    expect(page).toContain(`within ${LIMITS.pongWithinMs / 1_000} s`);
    expect(page).toContain(`Up to ${LIMITS.missedMessages} messages`);
  });
});

describe('docs/protocols/webhooks.md', () => {
  it('has the schedule', () => {
    const waits = DEFAULT_SCHEDULE.map((ms, failures) => [String(failures + 1), words(ms)]);
    expect(table('webhooks', 'failure')).toEqual(waits);
  });

  it('has every state of a delivery', () => {
    const states = statesOf(deliveryFact);
    expect(states.length).toBeGreaterThan(5);
    expect(table('webhooks', 'state').map(([state]) => state)).toEqual(states);
  });

  it('has every failure code', () => {
    expect(table('webhooks', 'code').map(([code]) => code)).toEqual([...FAILURE_CODES]);
  });
});

describe('docs/protocols/ingest.md', () => {
  it('has every reason of a refusal, in the words of the dead letter', () => {
    expect(table('ingest', 'reason')).toEqual(Object.entries(REFUSALS));
  });
});

describe('docs/protocols/topics.md', () => {
  it('has every topic with its key, partitions and how long it is kept', () => {
    const topics = Object.values(TOPICS).map(({ name, key, partitionedBy, partitions, cleanup, retentionMs }) => {
      const kept = retentionMs === null ? 'for ever' : `${retentionMs / DAY_MS} days`;
      return [name, key, partitionedBy, String(partitions), cleanup === 'compact' ? 'compacted' : kept];
    });
    expect(table('topics', 'topic')).toEqual(topics);
  });
});

function words(ms: number): string {
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`;
  return ms >= 60_000 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

/** The first enum that holds `pending`, wherever it stands in the schema. */
function statesOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { enum: values } = schema as { enum?: unknown };
  if (Array.isArray(values) && values.includes('pending')) return values as string[];
  for (const part of Object.values(schema)) {
    const found = statesOf(part);
    if (found.length > 0) return found;
  }
  return [];
}
