import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseSigningKey, signatureHeader, symmetricKeyText } from '@cairn/orchestrator/core/deliver/sign.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

/** The receivers of the guide verify what Cairn signs, in every language that this machine has. */
const folder = import.meta.dirname;
const SECRET = symmetricKeyText(Buffer.alloc(32, 5));
const OTHER = symmetricKeyText(Buffer.alloc(32, 6));
const BODY = '{"type":"alert.opened","timestamp":"2026-01-31T08:00:00.000Z","data":{"name":"Zażółć"}}';

let built: string;
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'cairn-receivers-'));
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

const has = (command: string, flag: string): boolean => spawnSync(command, [flag]).status === 0;

const LANGUAGES = {
  node: { here: true, start: (): string[] => [process.execPath, join(folder, 'receiver.mjs')] },
  python: { here: has('python3', '--version'), start: (): string[] => ['python3', join(folder, 'receiver.py')] },
  go: {
    here: has('go', 'version'),
    start(): string[] {
      const binary = join(built, 'receiver');
      const made = spawnSync('go', ['build', '-o', binary, join(folder, 'receiver.go')], {
        env: { ...process.env, GO111MODULE: 'off' },
        encoding: 'utf8',
      });
      expect(made.status, made.stderr).toBe(0);
      return [binary];
    },
  },
};

describe.each(Object.entries(LANGUAGES))('the receiver in %s', (_language, { here, start }) => {
  let child: ChildProcess;
  afterEach(() => void child?.kill());

  test.skipIf(!here)('takes what is signed, once, and refuses what is not', { timeout: 300_000 }, async () => {
    const port = await freePort();
    const [command, ...args] = start();
    child = spawn(command!, [...args, String(port), SECRET], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    const listening = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => (lines.push(line), resolve()));
    });
    await listening;
    expect(lines).toEqual(['listening']);

    const now = Math.floor(Date.now() / 1_000);
    const sign = (keys: string[], id: string, at: number, body = BODY): Record<string, string> => ({
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': signatureHeader(keys.map(parseSigningKey), id, at, Buffer.from(body)),
    });
    const post = async (headers: Record<string, string>, body = BODY): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;

    expect(await post(sign([SECRET], 'msg_1', now))).toBe(204);
    expect(await post(sign([SECRET], 'msg_1', now + 1))).toBe(204);
    expect(await post(sign([OTHER, SECRET], 'msg_2', now))).toBe(204);
    expect(await post(sign([OTHER], 'msg_3', now))).toBe(401);
    expect(await post(sign([SECRET], 'msg_4', now), BODY.replace('opened', 'closed'))).toBe(401);
    expect(await post(sign([SECRET], 'msg_5', now - 3_600))).toBe(401);
    expect(await post({})).toBe(401);
    expect(await post(sign([SECRET], 'msg_6', now))).toBe(204);
    while (lines.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lines.slice(1)).toEqual(['alert.opened msg_1', 'alert.opened msg_2', 'alert.opened msg_6']);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
