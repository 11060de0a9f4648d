/**
 * `npm run kills [merge|split|erase …]`: the product as a user runs it (LMDB and chDB) is killed with SIGKILL at more and more milliseconds
 * after a merge, a split and an erasure were sent, each time on a copy of the same data. After the restart the world must be what it was before
 * the command or what it is after it, people and journeys and timelines alike; the same command again must be safe, and lead to the latter.
 * Prints a line for each kill; exits 1 where one left something half done.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { startWebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';

const DEFINITION = `
cairn: journey-definition/1
name: b2b-sales
unit: account
stages:
  - { name: awareness, stall: { after: 30 days } }
  - { name: evaluation, enter: { event: Demo Requested }, stall: { after: 1 hour } }
`;
/** The whole of a command takes some 100 ms, what follows in the history up to half a second more. */
const KILL_AFTER_MS = [1, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 80, 120, 200, 400, 700];
const IDS = { p: ['userId', 'p'], q: ['anonymousId', 'q'], r: ['userId', 'r'] } as const;
/** Long enough for journeys that are derived anew and rows that are forgotten. */
const SETTLED_WITHIN_MS = 30_000;

type Command = 'merge' | 'split' | 'erase';
interface Person {
  id: string;
  version: number;
  ids: { namespace: string; value: string }[];
  mergedFrom: string[];
}
interface Journey {
  id: string;
  stage: string;
  status: string;
  touchpoints: number;
  people: { touchpoints: number }[];
}

const scratch = mkdtempSync(join(tmpdir(), 'cairn-kill-walk-'));
const receiver = await startWebhookReceiver();
const env = { CAIRN_WEBHOOK_ALLOW: `127.0.0.1:${receiver.port}` };
const start = (dataDir: string): Promise<Product> => startProduct({ dataDir, env });

async function find(product: Product, [namespace, value]: readonly [string, string]): Promise<Person | null> {
  const { status, body } = await product.api<Person>('GET', `/api/people?${new URLSearchParams({ namespace, value })}`);
  return status === 200 ? body : null;
}

/** Everything that the outside can see, without what only counts on. */
async function world(product: Product): Promise<string> {
  const people: unknown[] = [];
  for (const id of Object.values(IDS)) {
    const person = await find(product, id);
    people.push(person && [person.id, person.ids.map(({ value }) => value).sort(), person.mergedFrom]);
  }
  const { body } = await product.api<{ items: Journey[] }>('GET', '/api/journeys?limit=100');
  const journeys: unknown[] = [];
  for (const { id, stage, status, touchpoints, people: within } of body.items.filter(
    (one) => one.status !== 'absorbed',
  )) {
    const timeline = await product.api<{ items: { messageId: string }[] }>(
      'GET',
      `/api/journeys/${id}/touchpoints?limit=100`,
    );
    const counts = within.map((one) => one.touchpoints).sort();
    journeys.push([
      id,
      stage,
      status,
      touchpoints,
      counts,
      timeline.body.items.map(({ messageId }) => messageId).sort(),
    ]);
  }
  return JSON.stringify({ people, journeys: journeys.map((one) => JSON.stringify(one)).sort() });
}

/** The command with everything looked up, so that nothing but itself is between its sending and a kill. Returns how to send it. */
async function prepared(product: Product, command: Command): Promise<() => Promise<number>> {
  const [p, q] = [await find(product, IDS.p), await find(product, IDS.q)];
  const params = {
    merge: { from: q?.id, into: p?.id },
    split: { personId: p?.id, cut: [{ namespace: 'anonymousId', value: 'q' }] },
    erase: { personId: p?.id ?? 'gone' },
  }[command];
  return async () => (await product.api('POST', `/api/identity/${command}`, params)).status;
}

const order = async (product: Product, command: Command): Promise<number> => (await prepared(product, command))();

/** Two people and a third who stays as is, then all the commands before the one that is walked. */
async function makeBase(command: Command): Promise<string> {
  const dataDir = join(scratch, `base-${command}`);
  const product = await start(dataDir);
  await product.api('POST', '/api/definitions', DEFINITION);
  await product.api('POST', '/api/endpoints', { url: receiver.url, types: ['*'] });
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const batch = [
    { type: 'track', event: 'Page Read', userId: 'p', messageId: 'p1', timestamp: at(300) },
    { type: 'track', event: 'Demo Requested', userId: 'p', messageId: 'p2', timestamp: at(290) },
    { type: 'track', event: 'Page Read', anonymousId: 'q', messageId: 'q1', timestamp: at(280) },
    { type: 'track', event: 'Page Read', userId: 'r', messageId: 'r1', timestamp: at(270) },
  ];
  const { url, writeKey } = product.first;
  const headers = { 'content-type': 'application/json', authorization: `Basic ${btoa(`${writeKey}:`)}` };
  await fetch(`${url}/v1/batch`, { method: 'POST', headers, body: JSON.stringify({ batch }) });
  await eventually('three people', async () => (await find(product, IDS.r)) && (await find(product, IDS.q)));
  if (command !== 'merge') await order(product, 'merge');
  // Longer than the view and the history need.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await product.stop();
  return dataDir;
}

async function settledIn(product: Product, wanted: readonly string[]): Promise<string> {
  let seen = '';
  await eventually(
    'a whole world',
    async () => wanted.includes((seen = await world(product))),
    SETTLED_WITHIN_MS,
  ).catch(() => {});
  return seen;
}

async function walk(command: Command): Promise<number> {
  const base = await makeBase(command);
  const copy = join(scratch, 'copy');
  const fresh = async (): Promise<Product> => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(base, copy, { recursive: true });
    return start(copy);
  };
  let product = await fresh();
  const before = await world(product);
  await order(product, command);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const after = await world(product);
  await product.kill();
  if (before === after) throw new Error(`${command} changed nothing: ${before}`);
  let faults = 0;
  for (const ms of KILL_AFTER_MS) {
    product = await fresh();
    const sent = receiver.received.length;
    const send = await prepared(product, command);
    const answered = send().catch(() => 0);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await product.kill();
    const status = await answered;
    await product.restart();
    // What follows a command that was taken comes within seconds; one that was not never does anything.
    const first = await settledIn(product, status === 200 ? [after] : [before, after]);
    const again = await order(product, command);
    const last = await settledIn(product, [after]);
    const doubled = receiver.received
      .slice(sent)
      .map(({ body }) => (JSON.parse(body) as { data: { factId: string } }).data.factId);
    await product.kill();
    const isWhole = (first === after || (first === before && status !== 200)) && last === after;
    if (!isWhole) faults++;
    const where = first === before ? 'before' : first === after ? 'after' : 'HALF';
    console.log(
      `${command} killed after ${ms} ms: answered ${status || 'nothing'}, then ${where}; again ${again}, then ${last === after ? 'after' : 'HALF'}; ${new Set(doubled).size} facts in ${doubled.length} webhooks`,
    );
    if (!isWhole) console.log(`  before ${before}\n  after  ${after}\n  first  ${first}\n  last   ${last}`);
  }
  return faults;
}

const asked = process.argv.slice(2) as Command[];
let faults = 0;
try {
  for (const command of asked.length ? asked : (['merge', 'split', 'erase'] as const)) faults += await walk(command);
} finally {
  await receiver.close();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(faults ? `${faults} kills left something half done` : 'nothing was left half done');
process.exitCode = faults ? 1 : 0;
