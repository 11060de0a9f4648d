import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type IngestHarness, startIngestHarness } from './testkit/ingest-harness.ts';

let ingest: IngestHarness;
const hash = (key: string): string => createHash('sha256').update('w1').update(' ').update(key).digest('base64url');

beforeEach(async () => {
  ingest = await startIngestHarness();
  const suppressed = [hash('userId:ann'), hash('email:ann@acme.example')];
  const erasure = { workspace: 'w1', personId: 'per', absorbed: [], suppressed, at: 0 };
  await ingest.ports.control.put({ type: 'erasure.told', ...erasure });
});
afterEach(() => ingest.stop());

test('of who must never be stored again, a dead letter says that there was one and why, wherever it came from', async () => {
  const without = { type: 'track', properties: { note: 'secret' } };
  await ingest.post('/v1/track', { ...without, userId: 'ann' });
  await ingest.post('/v1/batch', { batch: [{ ...without, traits: { email: ' Ann@Acme.example ' } }] });
  const rows = `${JSON.stringify({ ...without, userId: 'ann' })}\nann;secret\n`;
  const imported = await ingest.post('/v1/import?format=jsonl&source=crm', rows);
  expect(imported.body).toMatchObject({ read: 2, refused: 2 });
  await expect.poll(() => ingest.deadLetters().length).toBe(4);
  expect(ingest.deadLetters().map(({ raw }) => raw)).toEqual(['', '', '', '']);
  expect(JSON.stringify(ingest.deadLetters())).not.toMatch(/secret|ann@/i);
  await ingest.post('/v1/track', { ...without, userId: 'bob' });
  expect(ingest.deadLetters().at(-1)!.raw).toContain('bob');
});
