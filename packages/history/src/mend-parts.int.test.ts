import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClickhouseHistory } from './history.clickhouse.ts';
import type { History } from './history.ts';

describe('a part that a full disk has left broken', () => {
  let dir: string;
  let history: History;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'cairn-mend-'));
    history = await openClickhouseHistory({ chdbPath: dir });
  });
  afterEach(async () => {
    await history.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const plan = (number: number) => ({ sink: 'x', number, ranges: `plan ${number}`, at: Date.now() });

  /** Eight rows, merged, and the marks of what was merged gone, as after ENOSPC. */
  async function breakMerged(): Promise<void> {
    for (let number = 1; number <= 8; number++) await history.insert('sink_plans', [plan(number)], `x/${number}`);
    await history.command('OPTIMIZE TABLE sink_plans FINAL');
    const [part] = await history.query<{ path: string }>(
      `SELECT path FROM system.parts WHERE table = 'sink_plans' AND active`,
    );
    truncateSync(join(part!.path, 'data.cmrk4'), 0);
    await history.command('SYSTEM DROP MARK CACHE');
  }

  it('is put aside for what it was made of: what was asked is answered, nothing is lost', async () => {
    await breakMerged();
    expect(await history.lastPlan('x')).toEqual({ number: 8, ranges: 'plan 8' });
    const rows = await history.query<{ number: number }>('SELECT number FROM sink_plans ORDER BY number');
    expect(rows.map(({ number }) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('has cost no token: what was inserted before is still known', async () => {
    await breakMerged();
    await history.lastPlan('x');
    await history.insert('sink_plans', [plan(8)], 'x/8');
    await history.insert('sink_plans', [plan(9)], 'x/9');
    const rows = await history.query<{ number: number }>('SELECT number FROM sink_plans ORDER BY number');
    expect(rows.map(({ number }) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
