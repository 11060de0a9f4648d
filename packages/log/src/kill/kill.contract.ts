import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { expect, test } from 'vitest';
import { holdPartition, readAll, text } from '../contract/harness.ts';
import type { LogRecord } from '../log.ts';
import { killNames, type ChildArguments, type KillAdapter } from './kill-adapter.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
/** A child is killed after one to this many acknowledgements. */
const MAX_ACKNOWLEDGEMENTS = 300;

/** Kills a process that appends and commits, again and again, and looks at what is left: all that was acknowledged, no half cycle. */
export function killCases(options: {
  rounds: number;
  prefix: string;
  module: string;
  settings: () => unknown;
  timeoutMs: number;
}): void {
  test(
    `whatever was acknowledged survives kill -9 (${options.rounds} times), and each cycle is there whole or not at all`,
    { timeout: options.timeoutMs },
    async () => {
      const names = killNames(options.prefix);
      const settings = options.settings();
      const { adapter } = (await import(options.module)) as { adapter: KillAdapter };
      const random = seededRandom(7);
      const acknowledged = new Set<string>();
      let committed = 0n;
      // Tried again, it finds the records of the first time on the topic.
      const run = randomUUID().slice(0, 8);
      for (let round = 0; round < options.rounds; round++) {
        const child = { module: options.module, settings, prefix: options.prefix, round: `${run}-${round}` };
        const lines = await runAndKill(child, 1 + Math.floor(random() * MAX_ACKNOWLEDGEMENTS), round % 2 === 1);
        for (const line of lines) {
          const [what, id] = line.split(' ') as [string, string];
          if (what === 'appended') acknowledged.add(id);
          else if (BigInt(id) > committed) committed = BigInt(id);
        }

        const log = await adapter.openLog(settings);
        const inbox = await readAll(log, names.inbox);
        const inboxIds = inbox.map((record) => record.key);
        expect(new Set(inboxIds).size).toBe(inboxIds.length);
        expect([...acknowledged].filter((id) => !inboxIds.includes(id))).toEqual([]);
        for (const record of inbox) expect(text(record.value)).toBe(record.key.repeat(40));

        const { owned } = await holdPartition(log, { task: names.task, inbox: names.inbox });
        const { nextOffset } = owned.position();
        expect(nextOffset).toBeGreaterThanOrEqual(committed);
        const done = inbox.filter((record) => record.offset < nextOffset);
        expect(keysOf(await readAll(log, names.outputs))).toEqual(keysOf(done));
        expect(Number(text(owned.state.get('total')?.value) ?? 0)).toBe(done.length);
        const seen = [...owned.state.entries('seen/')].map(([key]) => key.slice('seen/'.length));
        expect(seen.sort()).toEqual(keysOf(done).sort());
        expect(owned.state.due(Infinity, done.length + 2)).toHaveLength(done.length === 0 ? 0 : done.length + 1);
        await log.close();
      }
      // Killed children that did nothing would prove nothing.
      expect(acknowledged.size).toBeGreaterThan(options.rounds * 10);
      expect(committed).toBeGreaterThan(0n);
    },
  );
}

const keysOf = (records: readonly LogRecord[]): string[] => records.map((record) => record.key);

/** `committed`: not before a cycle was committed, however slow the first one is. */
async function runAndKill(child: ChildArguments, acknowledgements: number, committed: boolean): Promise<string[]> {
  const running = spawn(process.execPath, [CHILD, JSON.stringify(child)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(running, 'close');
  let errors = '';
  running.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines: string[] = [];
  let hasCommitted = false;
  for await (const line of createInterface({ input: running.stdout })) {
    lines.push(line);
    if (line.startsWith('committed')) hasCommitted = true;
    if (lines.length >= acknowledgements && (hasCommitted || !committed)) running.kill('SIGKILL');
  }
  await ended;
  if (running.signalCode !== 'SIGKILL') throw new Error(`the child ended by itself: ${errors}`);
  return lines;
}
