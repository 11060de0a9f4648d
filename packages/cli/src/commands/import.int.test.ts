import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command, CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startIngestHarness, WRITE_KEY, type IngestHarness } from '@cairn/ingest/testkit/ingest-harness.ts';
import { importCommand } from './import.ts';

let harness: IngestHarness;
let directory: string;
beforeEach(async () => {
  harness = await startIngestHarness();
  directory = mkdtempSync(join(tmpdir(), 'cairn-import-'));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await harness.stop();
});

const MAPPING = '{ "type": "track", "userId": id, "event": what, "messageId": id & "-" & $string($row) }';
const CSV = `id,what\n${Array.from({ length: 5_000 }, (_, i) => `u${i},"Call, ${i}"`).join('\n')}\n`;

function file(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** Runs the command as main.ts does: the lines it prints, and how it ended. */
async function cairnImport(...args: string[]): Promise<{ lines: string[]; exitCode: number; said: string }> {
  const lines: string[] = [];
  let said = '';
  const command = importCommand((line) => lines.push(line)).exitOverride();
  command.configureOutput({ writeErr: (text) => (said += text), writeOut: (text) => lines.push(text) });
  try {
    await new Command('cairn').addCommand(command).parseAsync(['import', ...args], { from: 'user' });
    return { lines, exitCode: 0, said };
  } catch (error) {
    said += (error as Error).message;
    return { lines, exitCode: error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : 1, said };
  }
}

describe('cairn import', () => {
  it('streams a packed CSV file through a mapping', async () => {
    const events = file('events.csv.gz', gzipSync(CSV));
    const mapping = file('map.jsonata', MAPPING);
    const { lines, exitCode } = await cairnImport(
      events,
      '--mapping',
      mapping,
      '--url',
      harness.url,
      '--write-key',
      WRITE_KEY,
      '--json',
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(lines[0]!)).toEqual({ read: 5_000, admitted: 5_000, refused: 0, duplicate: 0, skipped: 0 });
    expect(harness.touchpoints()[7]).toMatchObject({
      event: 'Call, 7',
      source: 'events.csv',
      imported: true,
      messageId: 'u7-8',
    });
  });

  it('streams JSON lines, and says in words what became of them', async () => {
    const item = (fields: object): string => JSON.stringify({ type: 'track', event: 'x', userId: 'u', ...fields });
    const events = file(
      'events.jsonl',
      [item({ messageId: 'm1' }), item({ messageId: 'm1' }), item({ event: '' })].join('\n'),
    );
    const { lines, exitCode } = await cairnImport(
      events,
      '--source',
      'crm',
      '--url',
      harness.url,
      '--write-key',
      WRITE_KEY,
    );
    expect([exitCode, lines]).toEqual([
      0,
      ['read 3, admitted 1, refused 1, duplicate 1; why: cairn dead-letters list'],
    ]);
    expect(harness.touchpoints()[0]!.source).toBe('crm');
  });

  it('finds the server and the key in what the first start wrote', async () => {
    file('first-run.json', JSON.stringify({ url: harness.url, writeKey: WRITE_KEY }));
    const events = file('events.ndjson', '{"type":"track","event":"x","userId":"u"}');
    expect(await cairnImport(events, '--data-dir', directory)).toMatchObject({ exitCode: 0 });
    expect(harness.touchpoints()).toHaveLength(1);
  });

  it('exits 2 on wrong use and sends nothing', async () => {
    const events = file('events.csv', CSV);
    const to = ['--url', harness.url, '--write-key', WRITE_KEY];
    const wrong: [string[], string][] = [
      [[], 'missing required argument'],
      [[events, ...to], 'need a --mapping'],
      [[events, ...to, '--format', 'xml'], 'no format xml'],
      [[file('events.txt', ''), ...to], 'say --format'],
      [[join(directory, 'nowhere.jsonl'), ...to], 'cannot read'],
      [[events, ...to, '--mapping', join(directory, 'nowhere')], 'cannot read'],
      [[events, ...to, '--mapping', file('bad.jsonata', '{ "a" ')], 'no JSONata'],
      [[file('e.jsonl', ''), '--url', 'nonsense', '--write-key', 'x'], 'no address'],
      [[events, '--nonsense'], 'unknown option'],
    ];
    for (const [args, expected] of wrong) {
      const { exitCode, said } = await cairnImport(...args);
      expect(exitCode, said).toBe(2);
      expect(said).toContain(expected);
    }
    expect(harness.requests()).toBe(0);
  });

  it('exits 1 when the server refuses or is not there, and says what it said', async () => {
    const events = file('events.jsonl', '{"type":"track","event":"x","userId":"u"}\n'.repeat(200_000));
    const refused = await cairnImport(events, '--url', harness.url, '--write-key', 'wrong');
    expect(refused).toMatchObject({ exitCode: 1, said: expect.stringContaining('401: the write key is wrong') });
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const away = await cairnImport(events, '--url', `http://127.0.0.1:${port}`, '--write-key', WRITE_KEY);
    expect(away).toMatchObject({ exitCode: 1, said: expect.stringContaining('does not answer') });
  });

  it('says how far it came when an import breaks off', async () => {
    const mapping = file(
      'map.jsonata',
      '( $f := function($n) { $f($n + 1) }; what = "loop" ? $f(1) : { "type": "track", "userId": id, "event": what } )',
    );
    const events = file('events.csv', `id,what\n1,x\n${'2,loop\n'.repeat(20)}`);
    const { exitCode, lines } = await cairnImport(
      events,
      '--mapping',
      mapping,
      '--url',
      harness.url,
      '--write-key',
      WRITE_KEY,
      '--json',
    );
    expect(exitCode).toBe(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ error: expect.stringContaining('takes too long') });
  });
});
