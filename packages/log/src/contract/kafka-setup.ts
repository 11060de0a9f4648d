import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { createKafkaLog, type KafkaLog, type KafkaLogOptions } from '../log.kafka.ts';
import type { LogHarness } from './harness.ts';
import { contractTopics } from './topics.ts';

/** A corner of the broker that no other test uses, and what the tests of the Kafka rules do there. */
export interface KafkaCorner {
  prefix: string;
  topics: LogHarness['topics'];
  open(options?: Partial<KafkaLogOptions>): Promise<KafkaLog>;
  client: Kafka;
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
  /** Starts a process of its own on this corner (kafka-child.ts). */
  child(mode: ChildMode): Child;
  dispose(): Promise<void>;
}

export type ChildMode = 'count' | 'idle' | 'crash';

export interface Child {
  pid: number;
  /** Waits for a line that begins with this word; gives what follows. */
  says(word: string): Promise<string>;
  /** Lines seen so far that begin with this word. */
  said(word: string): string[];
  kill(signal: NodeJS.Signals): void;
  ended: Promise<{ code: number | null; output: string }>;
}

export const TEST_TIMING = { sessionTimeoutMs: 6_000, pollMs: 50 };
let corners = 0;

export function createKafkaCorner(kafka: TestKafka): KafkaCorner {
  const prefix = `r${process.pid}-${++corners}-`;
  const { topics, configs } = contractTopics('c');
  const opened: KafkaLog[] = [];
  const children: Child[] = [];
  const client = new Kafka({ brokers: kafka.brokers, clientId: 'rules', logLevel: logLevel.NOTHING });
  return {
    prefix,
    topics,
    client,
    async open(options = {}) {
      const log = await createKafkaLog({
        brokers: kafka.brokers,
        clientId: 'rules',
        clock: systemClock,
        topics: configs,
        topicPrefix: prefix,
        timing: TEST_TIMING,
        ...options,
      });
      opened.push(log);
      return log;
    },
    async admin(work) {
      const admin = client.admin();
      await admin.connect();
      try {
        return await work(admin);
      } finally {
        await admin.disconnect();
      }
    },
    child(mode) {
      const child = startChild(mode, {
        brokers: kafka.brokers,
        prefix,
        // A broker that was given has its own lower limit, 6 s by default.
        sessionTimeoutMs: kafka.how === 'given' ? 6_000 : 3_000,
      });
      children.push(child);
      return child;
    },
    async dispose() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map((child) => child.ended));
      await Promise.all(opened.map((log) => log.close()));
    },
  };
}

function startChild(mode: ChildMode, where: object): Child {
  const child = spawn(process.execPath, [`${import.meta.dirname}/kafka-child.ts`, mode, JSON.stringify(where)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let stderr = '';
  let wake = (): void => {};
  let over = false;
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('exit', (code) => {
      over = true;
      wake();
      resolve({ code, output: lines.join('\n') + stderr });
    });
  });
  const said = (word: string): string[] =>
    lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length).trim());
  return {
    pid: child.pid!,
    said,
    async says(word) {
      while (said(word).length === 0) {
        if (over) throw new Error(`the child ended without saying ${word}:\n${lines.join('\n')}\n${stderr}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return said(word)[0]!;
    },
    kill: (signal) => child.kill(signal),
    ended,
  };
}
