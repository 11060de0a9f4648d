import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { TOPICS, TOPIC_NAMES } from '@cairn/contracts/topics.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import { createLogger } from '@cairn/service-kit/logger.ts';
import { expect, test } from 'vitest';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import { startScriptedReceiver, status } from '../../testkit/scripted-receiver.ts';
import { CLIENT_CERTIFICATE, CLIENT_KEY } from '../../testkit/test-certificates.ts';
import { loadSecretKey } from './secrets.ts';

/** Every file below a folder, with its bytes. */
function files(folder: string): { path: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

test('no secret is in the data directory, the log lines, the metrics or an answer, after sending, failing and rotating', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-at-rest-'));
  const receiver = await startScriptedReceiver();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const topics = TOPIC_NAMES.map((name) => ({ ...TOPICS[name], partitions: TOPICS[name].partitionsEmbedded }));
  const log = await createLmdbLog({ path: join(dataDir, 'log'), topics, clock: systemClock });
  const secretKey = loadSecretKey(dataDir, null);
  const cairn = await startRunningDeliverer(
    { webhookAllow: [receiver.hostPort], retryScheduleMs: [10], secretKey, dataDir },
    { log, logger: createLogger({ service: 'test', level: 'trace', destination }) },
  );
  const answers: unknown[] = [];
  const secrets: string[] = ['own-header-secret', 'client-secret-text', CLIENT_KEY.split('\n')[1]!];
  try {
    const plain = await cairn.endpoint({ url: receiver.url, headers: { 'x-api-key': 'own-header-secret' } });
    const asymmetric = await cairn.endpoint({ url: receiver.url, preset: 'ed25519' });
    const auth = { type: 'oauth2', tokenUrl: receiver.url, clientId: 'c', clientSecret: 'client-secret-text' };
    await cairn.endpoint({ url: receiver.url, auth });
    await cairn.endpoint({
      url: receiver.url,
      auth: { type: 'mtls', certificate: CLIENT_CERTIFICATE, key: CLIENT_KEY },
    });
    const rotated = (await cairn.call('POST', `/api/endpoints/${plain.id}/rotate`)).body;
    secrets.push(...[plain, asymmetric, rotated].map((made) => made.secret.slice(made.secret.indexOf('_') + 1)));

    await cairn.happen({ factId: 'fact_1' });
    await cairn.delivery(plain.id, (one) => one.state === 'delivered');
    expect(receiver.requests.some((request) => request.headers['x-api-key'] === 'own-header-secret')).toBe(true);
    // An answer that repeats the whole request, as debugging services do.
    receiver.answer((request, socket) => status(500, {}, JSON.stringify(request))(request, socket));
    await cairn.happen({ factId: 'fact_2' });
    await cairn.delivery(plain.id, (one) => one.state === 'exhausted');
    answers.push(
      await cairn.call('POST', '/api/endpoints', { url: 'https://example.com/', secret: `whsec_${secrets[0]}` }),
    );
    const { items } = (await cairn.call('GET', `/api/endpoints/${plain.id}/deliveries`)).body;
    for (const path of [
      '/api/endpoints',
      `/api/endpoints/${plain.id}`,
      `/api/endpoints/${plain.id}/deliveries`,
      `/api/endpoints/${plain.id}/health`,
      `/api/deliveries/${items[0].id}`,
    ])
      answers.push((await cairn.call('GET', path)).body);
    answers.push(await cairn.metrics.expose());
  } finally {
    await cairn.stop();
    await receiver.close();
  }

  const places = [
    ...files(dataDir),
    { path: 'the log lines', bytes: Buffer.from(lines.join('')) },
    { path: 'the answers', bytes: Buffer.from(JSON.stringify(answers)) },
  ];
  expect(places.map(({ path }) => path.slice(dataDir.length + 1))).toContain('view/deliveries.jsonl');
  for (const { path, bytes } of places) {
    for (const secret of secrets) expect(bytes.includes(secret), `${path} holds a secret`).toBe(false);
    // The key that opens them all is in its own file and nowhere else.
    if (!path.endsWith('secret.key')) expect(bytes.includes(secretKey), `${path} holds the key`).toBe(false);
  }
  // It is really there that they would be found.
  expect(places.some(({ bytes }) => bytes.includes(receiver.hostPort))).toBe(true);
  rmSync(dataDir, { recursive: true });
});
