import { describe, expect, it } from 'vitest';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KAFKA_SETTINGS, readEnv } from './config.ts';
import { kafkaTargetOf } from './kafka-target.ts';

const target = (env: Record<string, string>) => kafkaTargetOf(readEnv(env, KAFKA_SETTINGS));

describe('the way to Kafka', () => {
  it('is none without brokers', () => expect(target({ CAIRN_KAFKA_TLS: 'true' })).toBeNull());

  it('is plain unless told otherwise', () =>
    expect(target({ CAIRN_KAFKA_BROKERS: 'a:9092, b:9093' })).toEqual({ brokers: ['a:9092', 'b:9093'] }));

  it('takes TLS, a password with colons in it, and a replication factor', () =>
    expect(
      target({
        CAIRN_KAFKA_BROKERS: 'a:9092',
        CAIRN_KAFKA_TLS: 'true',
        CAIRN_KAFKA_SASL: 'SCRAM-SHA-512:cairn:p:ass',
        CAIRN_KAFKA_REPLICATION_FACTOR: '3',
      }),
    ).toEqual({
      brokers: ['a:9092'],
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'cairn', password: 'p:ass' },
      replicationFactor: 3,
    }));

  it('trusts a certificate of one’s own', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'cairn-ca-')), 'ca.pem');
    writeFileSync(file, 'PEM');
    expect(target({ CAIRN_KAFKA_BROKERS: 'a:9092', CAIRN_KAFKA_TLS_CA: file })?.ssl).toEqual({ ca: ['PEM'] });
  });

  it.each(['scram-sha-512', 'md5:user:secret-word', 'plain:user', 'plain::secret-word'])(
    'refuses %s by name, and never prints it',
    (value) => {
      const read = (): unknown => target({ CAIRN_KAFKA_BROKERS: 'a:1', CAIRN_KAFKA_SASL: value });
      expect(read).toThrow(/CAIRN_KAFKA_SASL/);
      expect(read).not.toThrow(/secret-word/);
    },
  );
});
