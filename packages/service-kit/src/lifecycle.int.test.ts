import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'cairn-lifecycle-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

/** A process with this `stop`, which is told `ready` and then hears a signal, or does `then`. */
async function run(
  stop: string,
  then: string,
  signal?: NodeJS.Signals,
): Promise<{ code: number | null; said: string }> {
  const script = join(directory, `${Math.random()}.mjs`);
  writeFileSync(
    script,
    `const { stopOnSignals } = await import(${at('./lifecycle.ts')});
     const { createLogger } = await import(${at('./logger.ts')});
     stopOnSignals(async () => { ${stop} }, createLogger({ service: 'test' }));
     setInterval(() => {}, 1000);
     process.send('ready');
     ${then}`,
  );
  const child = fork(script, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let said = '';
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, 'close');
  await once(child, 'message');
  if (signal) child.kill(signal);
  const [code] = (await closed) as [number | null];
  return { code, said };
}

describe('the end of a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('is orderly on %s: everything is stopped, exit code 0', async (signal) => {
    const { code, said } = await run(`console.log('stopped everything')`, '', signal);
    expect(code).toBe(0);
    expect(said).toMatch(/process\.stopping[^]*stopped everything[^]*process\.stopped/);
  });
  it('has exit code 1 when something would not stop', async () => {
    expect(await run(`throw new Error('no')`, '', 'SIGTERM')).toMatchObject({
      code: 1,
      said: expect.stringContaining('process.stop-failed'),
    });
  });
  it('is at once, logged and with exit code 1, on an uncaught fault', async () => {
    expect(await run('', `setTimeout(() => { throw new Error('boom'); }, 1)`)).toMatchObject({
      code: 1,
      said: expect.stringMatching(/uncaught-exception[^]*boom/),
    });
    expect(await run('', `Promise.reject(new Error('boom'))`)).toMatchObject({
      code: 1,
      said: expect.stringMatching(/unhandled-rejection[^]*boom/),
    });
  });
});
