import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { TokenPut } from '@cairn/contracts/generated/control.ts';
import { createKafkaLog } from '@cairn/log/log.kafka.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import type { Log, TopicConfig } from '@cairn/log/log.ts';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import { hashToken, startControlMirror } from './control-mirror.ts';

const topics: TopicConfig[] = [{ name: 'control', partitions: 1, cleanup: 'compact', retentionMs: null }];

function tokenOf(n: number): TokenPut {
  const hash = hashToken(`token ${n}`);
  const what = { id: `tok_${n}`, name: `token ${n}`, hash, scopes: ['read' as const] };
  return { type: 'token.put', workspace: 'acme', ...what, createdAt: 0, expiresAt: null, writeKey: false };
}

async function anotherNodeHears(here: Log, there: Log): Promise<void> {
  const [giver, other] = [await startControlMirror(here, systemClock), await startControlMirror(there, systemClock)];
  try {
    for (let n = 0; n < 10; n++) {
      await giver.put(tokenOf(n));
      await other.heard();
      expect(other.grantOf(`token ${n}`, 0)?.tokenId).toBe(`tok_${n}`);
    }
    // Who asks for what nobody gave hears of everything too, and that it is not there.
    await Promise.all(Array.from({ length: 100 }, () => other.heard()));
    expect(other.grantOf('nobody’s', 0)).toBeNull();
  } finally {
    await Promise.all([giver.stop(), other.stop()]);
  }
}

describe('a token that was just given out is known to another node that asks for it', () => {
  it('on LMDB', async () => {
    const path = mkdtempSync(join(tmpdir(), 'cairn-control-'));
    const log = await createLmdbLog({ path, topics, clock: systemClock });
    await anotherNodeHears(log, log).finally(() => log.close());
    rmSync(path, { recursive: true, force: true });
  });
});

const kafka = await findTestKafka();
afterAll(() => kafka?.stop());

describe.skipIf(!kafka)('a token that was just given out is known to another node that asks for it', () => {
  it('on Kafka', async () => {
    const open = (clientId: string): Promise<Log> =>
      createKafkaLog({
        brokers: kafka!.brokers,
        clientId,
        clock: systemClock,
        topics,
        topicPrefix: `ctl${process.pid}-`,
      });
    const [here, there] = await Promise.all([open('here'), open('there')]);
    await anotherNodeHears(here, there).finally(() => Promise.all([here.close(), there.close()]));
  });
});
