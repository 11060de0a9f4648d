import { BlockList, createConnection } from 'node:net';
import { systemClock } from '@cairn/clock/clock.system.ts';
import '@cairn/testkit/property-seed.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import type { RunningDeliverer } from '../../testkit/running-deliverer.ts';
import { startScriptedReceiver, status } from '../../testkit/scripted-receiver.ts';
import type { ScriptedReceiver } from '../../testkit/scripted-receiver.ts';
import { createVetTarget } from './vet-address.ts';
import type { ConnectorFor } from './webhook-pools.ts';

/**
 * A resolver and a connector that record every call, under the deliverer as it runs: whatever a name answers, and however its answers change
 * between two looks, no connection is asked for to an address that is not public. The judge is Node's own block list, not our ranges.
 */
/** Two lists: Node takes an IPv4 address for its mapped one. */
const FORBIDDEN = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const range of (
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 ' +
  '192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ' +
  '::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 ff00::/8'
).split(' ')) {
  const [base = '', bits] = range.split('/');
  FORBIDDEN[familyOf(base)].addSubnet(base, Number(bits), familyOf(base));
}
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
const isForbidden = (address: string): boolean => FORBIDDEN[familyOf(address)].check(address, familyOf(address));

const PUBLIC = ['93.184.216.34', '1.1.1.1', '8.8.8.8', '2606:4700::1111', '2a00:1450:4001:830::200e'];
const INNER = [
  ...['127.0.0.1', '10.0.0.1', '169.254.169.254', '192.168.1.1', '172.31.255.255', '100.64.0.1', '0.0.0.0'],
  ...['198.18.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fd00::1', 'fe80::1', '::ffff:127.0.0.1'],
  ...['64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'ff02::1'],
];

let receiver: ScriptedReceiver;
let cairn: RunningDeliverer;
let answers: Map<string, string[]>;
/** How far the clock is ahead of the machine's. */
let jumped: number;
let looked: string[];
let connected: string[];

beforeEach(async () => {
  receiver = await startScriptedReceiver();
  answers = new Map();
  jumped = 0;
  looked = [];
  connected = [];
  /** Wherever it is asked to go, it goes to the receiver. */
  const connectorFor: ConnectorFor =
    ({ addresses }) =>
    (_options, callback) => {
      connected.push(...addresses);
      const socket = createConnection(receiver.port, '127.0.0.1');
      socket.once('connect', () => callback(null, socket));
      socket.once('error', (error) => callback(error, null));
    };
  const resolve = (name: string): Promise<readonly string[]> => {
    looked.push(name);
    return Promise.resolve(answers.get(name) ?? []);
  };
  const clock = { ...systemClock, now: () => systemClock.now() + jumped };
  cairn = await startRunningDeliverer({ retryScheduleMs: [] }, { clock, seams: { resolve, connectorFor } });
});
afterEach(async () => {
  await cairn.stop();
  await receiver.close();
});

test('the judge knows what it judges', () => {
  expect(INNER.filter((address) => !isForbidden(address))).toEqual([]);
  expect(PUBLIC.filter(isForbidden)).toEqual([]);
});

test('names that answered a public address and then an inner one (rebinding) are not connected to again', async () => {
  const endpoints: string[] = [];
  for (const [n] of INNER.entries()) {
    answers.set(`rebind${n}.example.com`, ['93.184.216.34']);
    endpoints.push((await cairn.endpoint({ url: `https://rebind${n}.example.com/` })).id);
  }
  await cairn.happen({ factId: 'first' });
  for (const id of endpoints) await cairn.delivery(id, (one) => one.factId === 'first' && one.state === 'delivered');
  expect(connected).toEqual(INNER.map(() => '93.184.216.34'));

  for (const [n, inner] of INNER.entries()) answers.set(`rebind${n}.example.com`, [inner]);
  jumped += 60_000;
  await cairn.happen({ factId: 'second' });
  for (const id of endpoints) {
    const delivery = await cairn.delivery(id, (one) => one.factId === 'second' && one.state !== 'pending');
    expect(delivery.attempts).toMatchObject([{ status: null, code: 'target_forbidden', responseBody: null }]);
  }
  expect(connected).toHaveLength(INNER.length);
  expect(receiver.requests).toHaveLength(INNER.length);
});

test('one inner address among public ones refuses the name, also while its connection is kept alive', async () => {
  answers.set('mixed.example.com', ['93.184.216.34', '2606:4700::1111']);
  const { id } = await cairn.endpoint({ url: 'https://mixed.example.com/' });
  await cairn.happen({ factId: 'first' });
  await cairn.delivery(id, (one) => one.factId === 'first' && one.state === 'delivered');
  answers.set('mixed.example.com', ['93.184.216.34', '10.0.0.1']);
  jumped += 60_000;
  await cairn.happen({ factId: 'second' });
  const second = await cairn.delivery(id, (one) => one.factId === 'second' && one.state !== 'pending');
  expect(second.attempts).toMatchObject([{ code: 'target_forbidden' }]);
  expect(receiver.requests).toHaveLength(1);
});

test('over any run of answers, only addresses that were vetted, all of them public, are ever handed on', async () => {
  const address = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...PUBLIC) },
    { weight: 1, arbitrary: fc.constantFrom(...INNER) },
  );
  const look = fc.record({ after: fc.integer({ min: 0, max: 20_000 }), found: fc.array(address, { maxLength: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(look, { minLength: 1, maxLength: 20 }), async (looks) => {
      let now = 0;
      let current: string[] = [];
      const given: string[][] = [];
      const vet = createVetTarget({
        allow: [],
        clock: { now: () => now },
        resolve: () => {
          given.push(current);
          return Promise.resolve(current);
        },
      });
      for (const { after, found } of looks) {
        now += after;
        current = found;
        const vetted = await vet('https://any.example.com/');
        if (!vetted.ok) continue;
        expect(vetted.addresses.filter(isForbidden)).toEqual([]);
        expect(given.at(-1)).toEqual(vetted.addresses);
      }
    }),
  );
});

test('an endpoint that redirects inward is not followed', async () => {
  answers.set('redirect.example.com', ['93.184.216.34']);
  receiver.answer(status(302, { location: 'https://169.254.169.254/latest/meta-data/' }));
  const { id } = await cairn.endpoint({ url: 'https://redirect.example.com/' });
  await cairn.happen({ factId: 'fact_1' });
  const delivery = await cairn.delivery(id, (one) => one.state !== 'pending');
  expect(delivery.attempts[0]).toMatchObject({ status: 302, code: 'http_302' });
  expect(connected).toEqual(['93.184.216.34']);
  expect(new Set(looked)).toEqual(new Set(['redirect.example.com']));
});
