import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identityCommand } from './identity.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
const PERSON = {
  id: 'per-1',
  name: 'Ann',
  version: 3,
  ids: [{ namespace: 'email', value: 'a@b.example', firstSeen: '2026-01-05T08:00:00.000Z', shared: false }],
  accounts: [],
  mergedFrom: ['per-0'],
  edges: [{ ids: [{ namespace: 'email', value: 'a@b.example' }], cause: 'tp_1' }],
  merges: [
    {
      at: '2026-01-05T08:00:00.000Z',
      from: 'per-0',
      into: 'per-1',
      edge: { namespace: 'email', value: 'a@b.example' },
      cause: 'tp_1',
    },
  ],
  splits: [],
  decisions: [],
};

let server: Server;
let url: string;
let asked: { method: string; path: string; body: unknown }[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push({ method: request.method!, path: request.url!, body: text ? JSON.parse(text) : null });
      const refused = text.includes('nobody');
      response.writeHead(refused ? 404 : 200, { 'content-type': 'application/json' });
      const facts = [{ type: 'person.merged', from: 'per-0', into: 'per-1' }];
      response.end(
        JSON.stringify(
          refused ? { title: 'There is no person nobody' } : request.method === 'GET' ? PERSON : { facts },
        ),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** In this process: starting one for each command takes a second. */
async function say(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    await identityCommand().parseAsync([...args, '--url', url, '--token', 't'], { from: 'user' });
  } finally {
    console.log = log;
  }
  return lines.join('\n');
}

function cairn(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      [MAIN, 'identity', ...args],
      { env: { ...process.env, CAIRN_URL: url, CAIRN_TOKEN: 't' } },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    ),
  );
}

it('cairn identity shows people in words and JSON, finds them by identifier, orders what is asked, and exits as it ended', async () => {
  expect(await say('show', 'email:a@b.example')).toContain('merged per-0 into per-1 over email:a@b.example  by tp_1');
  expect(asked[0]!.path).toBe('/api/people?namespace=email&value=a%40b.example');
  expect(JSON.parse(await say('show', 'per-1', '--json'))).toEqual(PERSON);

  await say('split', 'per-1', '--cut', 'anonymousId:x', 'device:y:z');
  expect(asked.at(-1)!.body).toEqual({
    personId: 'per-1',
    cut: [
      { namespace: 'anonymousId', value: 'x' },
      { namespace: 'device', value: 'y:z' },
    ],
  });
  expect(await say('merge', 'per-0', 'email:a@b.example')).toBe('merged per-0 into per-1');
  expect(asked.at(-1)!.body).toEqual({ from: 'per-0', into: 'per-1' });

  const refused = await cairn('erase', 'nobody');
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('There is no person nobody');
  expect((await cairn('split', 'per-1', '--cut', 'nonsense')).code).toBe(2);
  for (const verb of ['show', 'merge', 'split', 'erase', 'link', 'unlink'])
    expect(identityCommand().helpInformation()).toContain(verb);
});
