/**
 * A real Kafka for tests, found in this order: `CAIRN_TEST_KAFKA_BROKERS`, Docker (testcontainers), Java with the jars from Maven
 * Central. Where none is there it says so loudly and gives null, so that the lane is skipped; under `CI=true` it throws.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findKafkaJars, hasJava } from '../../../infra/kafka/kafka-jars.ts';
import { startKafkaProcess, type KafkaProcess } from '../../../infra/kafka/kafka-process.ts';

export interface TestKafka {
  brokers: string[];
  /** How it was found, for the test's title. */
  how: 'given' | 'docker' | 'java';
  /** The broker's process where it is ours to kill and start again on the same port and data; null otherwise. */
  process: TestKafkaProcess | null;
  /** Stops what was started; does nothing to a broker that was given. */
  stop(): Promise<void>;
}

export interface TestKafkaProcess {
  pid(): number;
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  restart(): Promise<void>;
  /** What it printed: warnings and errors. */
  output(): Promise<string>;
}

const IMAGE = 'apache/kafka:4.1.1';

export async function findTestKafka(): Promise<TestKafka | null> {
  const given = process.env.CAIRN_TEST_KAFKA_BROKERS;
  if (given) return { brokers: given.split(','), how: 'given', process: null, stop: async () => {} };
  const missing: string[] = ['CAIRN_TEST_KAFKA_BROKERS is not set'];
  if (await hasDocker()) {
    try {
      return await startInDocker();
    } catch (error) {
      missing.push(`Docker could not start ${IMAGE}: ${(error as Error).message}`);
    }
  } else missing.push('Docker does not answer');
  if (await hasJava()) {
    try {
      return await startInJava(await findKafkaJars());
    } catch (error) {
      missing.push((error as Error).message);
    }
  } else missing.push('Java 17 is not on the PATH');
  const message = `No Kafka for the tests: ${missing.join('; ')}.`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`\n${'!'.repeat(100)}\n!! SKIPPED: everything that needs Kafka. ${message}\n${'!'.repeat(100)}\n`);
  return null;
}

async function hasDocker(): Promise<boolean> {
  try {
    await promisify(execFile)('docker', ['info'], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function startInDocker(): Promise<TestKafka> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const { freePort } = await import('../../../infra/kafka/kafka-process.ts');
  const port = await freePort();
  // The address that the broker tells its clients must be the one outside of the container.
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
      KAFKA_LOG_CLEANER_BACKOFF_MS: '1000',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(120_000)
    .start();
  return {
    brokers: [`127.0.0.1:${port}`],
    how: 'docker',
    process: null,
    stop: async () => {
      await container.stop();
    },
  };
}

async function startInJava(lib: string): Promise<TestKafka> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cairn-kafka-'));
  let broker: KafkaProcess = await startKafkaProcess({ lib, dataDir, port: 0 });
  const port = Number(broker.broker.split(':')[1]);
  // A test run that is cut short must not leave a broker behind.
  const killAtExit = (): void => {
    try {
      process.kill(broker.pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  };
  process.once('exit', killAtExit);
  return {
    brokers: [broker.broker],
    how: 'java',
    process: {
      pid: () => broker.pid,
      kill: (signal) => broker.stop(signal),
      async restart() {
        broker = await startKafkaProcess({ lib, dataDir, port });
      },
      output: () => readFile(broker.logFile, 'utf8'),
    },
    async stop() {
      await broker.stop('SIGKILL');
      process.off('exit', killAtExit);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
