import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { killCases } from './kill/kill.contract.ts';

describe('the log on LMDB', () => {
  const path = mkdtempSync(join(tmpdir(), 'cairn-kill-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  killCases({
    rounds: 10,
    prefix: 'kill',
    module: new URL('./kill/lmdb.kill-adapter.ts', import.meta.url).href,
    settings: () => ({ path, prefix: 'kill' }),
    timeoutMs: 120_000,
  });
});
