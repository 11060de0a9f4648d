import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { holdPartition, readAll } from '@cairn/log/contract/harness.ts';
import type { TopicConfig } from '@cairn/log/log.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import { loadDefinition } from '../../core/definition/load-definition.ts';
import type { LearningChild } from '../../testkit/learning-child.ts';
import { stitchedOf } from '../../testkit/touchpoint-of.ts';
import { advanceKeys } from './advance-keys.ts';

const WORKSPACE = 'ws';
const START = Date.parse('2026-03-02T00:00:00Z');
const HOUR = 3_600_000;
const DAYS = 20;
const BUYERS = 40;
const END = START + DAYS * 24 * HOUR;
const CHILD = join(import.meta.dirname, '../../testkit/learning-child.ts');
const NAMES = ['journey-inbox', 'journeys', 'alerts', 'actions', 'delivery-inbox', 'dead-letters'];
const TOPICS: TopicConfig[] = NAMES.map((name) => ({ name, partitions: 1, cleanup: 'delete', retentionMs: null }));

const LEARNED = `
cairn: journey-definition/1
name: learned
unit: person
timezone: UTC
stages:
  - name: open
    stall: { learned: { horizon: 3 days, probability: 0.7, atLeast: 12 hours } }
outcomes:
  won: { enter: { event: Won } }
`;

describe('a process that is killed while it learns', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-learning-'));
  const undisturbed = join(folder, 'undisturbed');
  const killed = join(folder, 'killed');
  beforeAll(async () => {
    await writeInbox(undisturbed);
    cpSync(undisturbed, killed, { recursive: true });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'has learned, in the end, what one that lives has, to the byte, and told everything once',
    { timeout: 120_000 },
    async () => {
      expect((await run(undisturbed)).isDone).toBe(true);
      const random = seededRandom(11);
      let kills = 0;
      let commits = 0;
      for (;;) {
        // Killed right after one of the next cycles: some way into the one after it.
        const { isDone, committed } = await run(killed, 1 + Math.floor(random() * 12), random() * 4);
        commits += committed;
        if (isDone) break;
        kills++;
      }
      expect(kills).toBeGreaterThan(5);
      expect(commits).toBeGreaterThan(kills);
      const [one, other] = [await leftBehind(undisturbed), await leftBehind(killed)];
      // A model, some kilobytes of it.
      expect(one.state.get(advanceKeys.pace(WORKSPACE, 'learned'))?.length).toBeGreaterThan(1_000);
      expect(other).toEqual(one);
    },
  );
});

/** Buyers who come back now and then, each hour's in one append, at the log's own time. */
async function writeInbox(path: string): Promise<void> {
  let now = START;
  const log = await createLmdbLog({ path, topics: TOPICS, clock: { ...systemClock, now: () => now } });
  const append = (key: string, value: unknown) => ({
    topic: 'journey-inbox',
    partition: 0,
    key,
    value: encodeJson(value),
  });
  const loaded = loadDefinition(LEARNED);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const change = {
    type: 'definition.put',
    workspace: WORKSPACE,
    name: 'learned',
    version: 1,
    definition: loaded.definition,
  };
  await log.append([append(keyOf.control(WORKSPACE, 'definition', 'learned'), { ...change, by: 'test', at: START })]);
  const random = seededRandom(3);
  for (; now < END; now += 2 * HOUR) {
    const records = [];
    for (let buyer = 0; buyer < BUYERS; buyer++) {
      if (random() > 0.04 + (buyer % 5) * 0.02) continue;
      const person = `p${buyer}`;
      const stitched = stitchedOf(WORKSPACE, { at: now, person, messageId: `${person}-${now}`, event: 'Replied' });
      records.push(append(keyOf.subject(WORKSPACE, person), stitched));
    }
    if (records.length > 0) await log.append(records);
  }
  await log.close();
}

/** Runs the child to its end, or kills it `afterMs` after it has committed so many cycles. */
async function run(path: string, cycles = Infinity, afterMs = 0): Promise<{ isDone: boolean; committed: number }> {
  const argument: LearningChild = { path, topics: TOPICS, now: END };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let isDone = false;
  let committed = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'done') isDone = true;
    if (line === 'commit' && ++committed === cycles) setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  await ended;
  if (!isDone && child.signalCode !== 'SIGKILL') throw new Error(`the child ended with ${child.exitCode}`);
  return { isDone, committed };
}

/** All that lasts: the state with its timers, and what was told. */
async function leftBehind(path: string): Promise<{ state: Map<string, string>; told: Record<string, string[]> }> {
  const log = await createLmdbLog({ path, topics: TOPICS, clock: { ...systemClock, now: () => END } });
  const { owned } = await holdPartition(log, { task: 'advance', inbox: 'journey-inbox' });
  const state = new Map<string, string>();
  for (const [key, { value, timers }] of owned.state.entries('')) {
    const due = Object.entries(timers).sort(([one], [other]) => (one < other ? -1 : 1));
    state.set(key, `${value ? Buffer.from(value).toString() : null} ${JSON.stringify(due)}`);
  }
  const told: Record<string, string[]> = {};
  for (const topic of ['journeys', 'alerts'])
    told[topic] = (await readAll(log, topic)).map(({ value }) => (value ? Buffer.from(value).toString() : ''));
  await log.close();
  return { state, told };
}
