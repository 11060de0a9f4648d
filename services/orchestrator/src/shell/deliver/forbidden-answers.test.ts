import { createVirtualClock } from '@cairn/clock/clock.virtual.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { expect, test } from 'vitest';
import { FORBIDDEN_AFTER_MS, createEndpointWriter } from '../control/endpoint-writer.ts';
import { createSecretBox } from './secrets.ts';
import { createVetTarget } from './vet-address.ts';

const LOOK_UPS: Readonly<Record<string, { afterMs: number; addresses: string[] | null }>> = {
  'quick.example.com': { afterMs: 1, addresses: ['10.0.0.7'] },
  'slow.example.com': { afterMs: 900, addresses: ['93.184.216.34', '127.0.0.1'] },
  'mapped.example.com': { afterMs: 40, addresses: ['::ffff:169.254.169.254'] },
  'fine.example.com': { afterMs: 30, addresses: ['93.184.216.34'] },
  'nowhere.example.com': { afterMs: 20, addresses: null },
  'hangs.example.com': { afterMs: 60_000, addresses: ['10.0.0.7'] },
};

/** What is asked for, what it is answered, and when (ms after it was asked). */
async function ask(url: string): Promise<{ answer: string; afterMs: number; looked: string[] }> {
  const clock = createVirtualClock(1_000_000);
  const looked: string[] = [];
  const vet = createVetTarget({
    allow: [],
    clock,
    resolve: async (name) => {
      looked.push(name);
      const found = LOOK_UPS[name] ?? { afterMs: 0, addresses: null };
      await clock.sleep(found.afterMs);
      if (!found.addresses) throw new Error('no such name');
      return found.addresses;
    },
  });
  const ports = { clock } as unknown as Ports;
  const secrets = createSecretBox('a key');
  const writer = createEndpointWriter({ ports, secrets, vet, allow: [], retryScheduleMs: [] });
  let answered: { answer: string; afterMs: number } | null = null;
  void writer.read({ url }, ['url']).then(
    () => (answered = { answer: 'accepted', afterMs: clock.now() - 1_000_000 }),
    (error: Error) => (answered = { answer: error.message, afterMs: clock.now() - 1_000_000 }),
  );
  for (let ms = 0; ms < 2_000 && !answered; ms++) await clock.advance(1);
  return { ...answered!, looked };
}

test('every forbidden target is refused with the same words after the same time', async () => {
  const urls = [
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://localhost/',
    'https://db.internal/',
    'https://example.com:22/',
    'https://quick.example.com/',
    'https://slow.example.com/',
    'https://mapped.example.com/',
  ];
  const answers = [];
  for (const url of urls) answers.push(await ask(url));
  expect(new Set(answers.map(({ answer }) => answer)).size).toBe(1);
  expect(answers.map(({ afterMs }) => afterMs)).toEqual(urls.map(() => FORBIDDEN_AFTER_MS));
  expect(answers.flatMap(({ looked }) => looked)).toEqual([
    'quick.example.com',
    'slow.example.com',
    'mapped.example.com',
  ]);
});

test('a target that is allowed does not wait, and a name server that hangs is not waited for', async () => {
  expect(await ask('https://93.184.216.34/')).toMatchObject({ answer: 'accepted', looked: [] });
  expect((await ask('https://fine.example.com/')).afterMs).toBeLessThan(FORBIDDEN_AFTER_MS / 2);
  expect((await ask('https://nowhere.example.com/')).answer).toBe('accepted');
  expect(await ask('https://hangs.example.com/')).toMatchObject({ answer: 'accepted', afterMs: FORBIDDEN_AFTER_MS });
});
