/** Bad days: a part is away, or the disk is full. 503 with Retry-After, readiness false, nothing lost, and back without a restart. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startClickhouseServer, type ClickhouseServer } from '@cairn/history/testkit/clickhouse-server.ts';
import { findTestKafka, type TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Within how long a client that posts has its answer, whatever is away. */
const ANSWER_WITHIN_MS = 15_000;
const AWAY_MS = 10_000;
/** How often the disk is filled, each time a little later after the touchpoints: any part may be the one whose write meets its end. */
const ROUNDS = 8;
/** The log stops taking touchpoints while 64 MB are left. */
const STILL_ENOUGH_BYTES = 72 * 2 ** 20;

interface Journey {
  id: string;
  name: string;
  touchpoints: number;
}
interface Alert {
  journeyId: string;
  kind: string;
}

function clientOf(product: Product) {
  const accepted: string[] = [];
  let last = 0;
  return {
    accepted,
    /** One try, as it is answered. */
    async post(userId: string, event = 'Page Viewed'): Promise<{ status: number; retryAfter: string | null }> {
      const messageId = `bad-day-${++last}`;
      const response = await fetch(`${product.first.url}/v1/track`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${product.first.writeKey}:`)}` },
        body: JSON.stringify({ userId, event, messageId }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await response.text();
      if (response.status === 200) accepted.push(messageId);
      return { status: response.status, retryAfter: response.headers.get('retry-after') };
    },
    async journeys(definition: string): Promise<Journey[]> {
      return (await product.api<{ items: Journey[] }>('GET', `/api/journeys?definition=${definition}&limit=500`)).body
        .items;
    },
    async alerts(): Promise<Alert[]> {
      return (await product.api<{ items: Alert[] }>('GET', '/api/alerts?kind=stall&limit=500')).body.items;
    },
    ready: async (): Promise<number> =>
      (await fetch(`${product.first.url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })).status,
  };
}

const PLAIN = `
cairn: journey-definition/1
name: plain
unit: person
stages:
  - name: first
`;

async function everythingIsCounted(client: ReturnType<typeof clientOf>): Promise<true> {
  const all = await client.journeys('plain');
  const counted = all.reduce((sum, journey) => sum + journey.touchpoints, 0);
  // One that was answered 503 may have been taken all the same: a client tries it again under its messageId.
  if (counted < client.accepted.length) throw new Error(`${counted} of ${client.accepted.length}`);
  return true;
}

/** What was away: the answers while it is, and after. Nothing may be restarted for it. */
async function isRefusedThenRecovers(
  product: Product,
  client: ReturnType<typeof clientOf>,
  comeBack: () => Promise<void> | void,
): Promise<void> {
  const processes = [product.pid, ...product.children().map(({ pid }) => pid)];
  const refused = await eventually(
    'a refusal',
    async () => {
      if (!product.running()) expect.fail(`the process ended:\n${product.output().slice(-4_000)}`);
      const answer = await client.post('ada');
      return answer.status === 200 ? null : answer;
    },
    60_000,
  );
  expect(refused.status).toBe(503);
  expect(Number(refused.retryAfter)).toBeGreaterThan(0);
  await eventually('not ready', async () => (await client.ready()) === 503);
  await comeBack();
  try {
    await eventually('accepted again', async () => (await client.post('ada')).status === 200, 60_000);
    await eventually('ready again', async () => (await client.ready()) === 200, 60_000);
    await eventually('everything accepted on the journeys', () => everythingIsCounted(client), 60_000);
  } catch (error) {
    throw new Error(`it did not come back; the product printed\n${product.output().slice(-4_000)}`, { cause: error });
  }
  expect([product.pid, ...product.children().map(({ pid }) => pid)], 'nothing was restarted').toEqual(processes);
}

const kafka: TestKafka | null = await findTestKafka();

describe.skipIf(!kafka)('the cluster', () => {
  let product: Product;
  let client: ReturnType<typeof clientOf>;
  beforeAll(async () => {
    product = await startProduct({ command: 'cluster', env: { CAIRN_KAFKA_BROKERS: kafka!.brokers.join(',') } });
    client = clientOf(product);
    expect((await product.api('POST', '/api/definitions', PLAIN)).status).toBeLessThan(300);
  });
  afterAll(async () => {
    await product?.dispose();
    await kafka?.stop();
  });

  for (const [how, name] of [
    ['frozen', 'frozen'],
    ['killed after that', 'killed'],
  ] as const)
    it(`raises no false stall when the orchestrator was away for ten seconds (${how}), and the true one`, async () => {
      const definition = `cairn: journey-definition/1\nname: ${name}\nunit: person\nstages:\n  - name: first\n    stall: { after: 3 seconds }\n`;
      expect((await product.api('POST', '/api/definitions', definition)).status).toBeLessThan(300);
      const active = ['ada', 'grace', 'joan'].map((person) => `${person}-${name}`);
      const silent = `gone-${name}`;
      let going = true;
      const touching = (async () => {
        while (going) {
          const answers = await Promise.all(active.map((person) => client.post(person)));
          expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
          await sleep(1_000);
        }
      })();
      const idOf = async (person: string): Promise<string | undefined> =>
        (await client.journeys(name)).find((journey) => journey.name === person)?.id;
      await eventually('journeys', async () => (await client.journeys(name)).length === active.length);

      const { pid } = product.children().find(({ service }) => service === 'orchestrator')!;
      await client.post(silent);
      await eventually('the journey of the silent one', () => idOf(silent));
      process.kill(pid, 'SIGSTOP');
      await sleep(AWAY_MS);
      process.kill(pid, name === 'killed' ? 'SIGKILL' : 'SIGCONT');

      const alertsOfThis = async (): Promise<string[]> => {
        const ids = new Map((await client.journeys(name)).map((journey) => [journey.id, journey.name]));
        return (await client.alerts()).flatMap(({ journeyId }) => ids.get(journeyId) ?? []);
      };
      await eventually('the true stall', async () => (await alertsOfThis()).includes(silent), 60_000);
      // What lay in the inbox when it came back has been handled by now; the touches go on for longer than the stall.
      await sleep(4_000);
      expect(await alertsOfThis()).toEqual([silent]);
      going = false;
      await touching;
      await eventually(
        'the stalls of those who stopped',
        async () => (await alertsOfThis()).length === active.length + 1,
        60_000,
      );
    });

  it.skipIf(!kafka?.process)(
    'refuses with 503 and Retry-After while Kafka does not answer, and is back by itself',
    async () => {
      await client.post('ada');
      const broker = kafka!.process!.pid();
      process.kill(broker, 'SIGSTOP');
      try {
        await isRefusedThenRecovers(product, client, () => void process.kill(broker, 'SIGCONT'));
      } finally {
        process.kill(broker, 'SIGCONT');
      }
    },
  );

  it.skipIf(!kafka?.process)(
    'refuses with 503 and Retry-After while Kafka is gone, and is back by itself',
    async () => {
      await kafka!.process!.kill('SIGKILL');
      await isRefusedThenRecovers(product, client, () => kafka!.process!.restart());
    },
  );
});

describe('one process whose history is on a ClickHouse server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-clickhouse-'));
  let server: ClickhouseServer;
  let product: Product;
  beforeAll(async () => {
    server = await startClickhouseServer(join(folder, 'data'));
    product = await startProduct({ env: { CAIRN_CLICKHOUSE_URL: server.url } });
  });
  afterAll(async () => {
    await product?.dispose();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes touchpoints and shows journeys while ClickHouse is gone, says that it is not ready, and then the history has each once', async () => {
    const client = clientOf(product);
    expect((await product.api('POST', '/api/definitions', PLAIN)).status).toBeLessThan(300);
    const touch = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) expect((await client.post('ada', `Event ${i}`)).status).toBe(200);
    };
    const inHistory = async (): Promise<string[]> => {
      const { url, adminToken } = product.first;
      const answer = await fetch(`${url}/api/touchpoints`, { headers: { authorization: `Bearer ${adminToken}` } });
      expect(answer.status).toBe(200);
      const lines = (await answer.text()).trim().split('\n');
      return lines.filter(Boolean).map((line) => (JSON.parse(line) as { event: string }).event);
    };
    const numbered = (to: number): string[] => Array.from({ length: to }, (_, i) => `Event ${i}`).sort();

    await touch(0, 10);
    await eventually('in the history', async () => (await inHistory()).length === 10);
    await server.kill();
    await touch(10, 20);
    await eventually('not ready', async () => (await client.ready()) === 503);
    await eventually('on the journey', async () => (await client.journeys('plain'))[0]?.touchpoints === 20);
    // Started again meanwhile, it is there all the same, and waits for the history beside that.
    await product.kill();
    const restarted = product.restart();
    await eventually('taken', async () => (await client.post('ada', 'Event 20')).status === 200);
    expect(await client.ready()).toBe(503);
    await server.restart();
    await restarted;
    await touch(21, 30);
    await eventually('all in the history', async () => (await inHistory()).length >= 30, 60_000);
    expect((await inHistory()).sort()).toEqual(numbered(30));
  });
});

const disk = mountSmallDisk();

describe.skipIf(!disk)('one process on a disk that fills up', () => {
  // A data directory for each try: what a failed one left would fail the next.
  let product: Product;
  let dataDir: string;
  beforeEach(async () => {
    dataDir = mkdtempSync(join(disk!, 'data-'));
    product = await startProduct({ dataDir });
  });
  afterEach(async () => {
    await product?.dispose();
    for (const left of readdirSync(disk!)) rmSync(join(disk!, left), { recursive: true, force: true });
  });
  afterAll(() => {
    execFileSync('umount', ['-l', disk!]);
    rmSync(disk!, { recursive: true, force: true });
  });

  it('refuses with 503 and Retry-After, and is back by itself when there is room', async () => {
    const client = clientOf(product);
    expect((await product.api('POST', '/api/definitions', PLAIN)).status).toBeLessThan(300);
    const filler = join(disk!, 'filler');
    for (let round = 0; round < ROUNDS; round++) {
      fill(filler, STILL_ENOUGH_BYTES);
      for (let i = 0; i < 20; i++) expect((await client.post('ada')).status).toBe(200);
      await sleep(round * 10);
      fill(filler, 0);
      await isRefusedThenRecovers(product, client, () => rmSync(filler));
    }
    // lmdb-js breaks the heap of the process when the disk refuses it something: it must never be refused (packages/log/src/room-ahead.ts).
    expect(product.output()).not.toContain('Write error');
    await product.kill();
    await product.restart();
    await eventually('everything, after a crash too', () => everythingIsCounted(client));
  });

  /** Leaves this much of the disk. */
  function fill(path: string, leaveBytes: number): void {
    for (let part = 0; part < 1_000; part++) {
      const { bavail, bsize } = statfsSync(disk!);
      const left = bavail * bsize - leaveBytes;
      if (left <= 0) return;
      try {
        writeFileSync(path, Buffer.alloc(Math.min(left, 2 ** 24)), { flag: 'a' });
      } catch {
        // Full: what fitted is written.
      }
    }
  }
});

/** A disk of 192 MB in memory; null where mounting is not permitted. */
function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    console.warn(
      `\n!! SKIPPED: the full disk. No file system could be mounted: ${String((error as Error).message).split('\n')[1] ?? ''}\n`,
    );
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
  return folder;
}
