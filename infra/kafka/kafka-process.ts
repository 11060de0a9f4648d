/**
 * One Apache Kafka broker as a child process: formats the data directory when it is new, writes the configuration, starts the
 * broker and waits until it answers. For one machine only: everything listens on 127.0.0.1 and is kept once.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import '@cairn/log/kafka-patches.ts';
import { Kafka, logLevel } from 'kafkajs';

const run = promisify(execFile);

/** A cold JVM on a busy 2-core machine needs 10 s; ten times that is a broker that will never come. */
const START_TIMEOUT_MS = 120_000;
/** A clean stop flushes every log; past this the process is killed. */
const STOP_TIMEOUT_MS = 30_000;

export interface KafkaProcess {
  /** host:port for clients. */
  broker: string;
  pid: number;
  logFile: string;
  /** Settles when the process has ended, however it did; the exit code, or null after a signal. */
  ended: Promise<number | null>;
  /** SIGTERM (clean) or SIGKILL (a crash); resolves when the process has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface KafkaProcessOptions {
  /** Folder with the jars (kafka-jars.ts). */
  lib: string;
  dataDir: string;
  /** 0 takes a free port. */
  port: number;
  /** 0 takes a free port. */
  controllerPort?: number;
  /** JVM heap options. */
  heap?: string;
}

export async function startKafkaProcess(options: KafkaProcessOptions): Promise<KafkaProcess> {
  const port = options.port || (await freePort());
  const controllerPort = options.controllerPort || (await freePort());
  const config = join(options.dataDir, 'server.properties');
  const logFile = join(options.dataDir, 'kafka.log');
  await mkdir(options.dataDir, { recursive: true });
  if (await answers(port)) throw new Error(`127.0.0.1:${port} is already taken`);
  await writeFile(config, serverProperties(join(options.dataDir, 'topics'), port, controllerPort));
  const classPath = `${options.lib}/*${delimiter}`;
  if (!existsSync(join(options.dataDir, 'topics', 'meta.properties'))) {
    const { stdout } = await run('java', ['-cp', classPath, QUIET, 'kafka.tools.StorageTool', 'random-uuid']);
    const clusterId = stdout.trim().split('\n').at(-1)!;
    await run('java', ['-cp', classPath, QUIET, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config]);
  }

  const log = await open(logFile, 'a');
  const heap = (options.heap ?? process.env.KAFKA_HEAP_OPTS ?? '-Xmx512m -Xms256m').split(' ').filter(Boolean);
  const child = spawn('java', [...heap, '-XX:+UseG1GC', QUIET, '-cp', classPath, 'kafka.Kafka', config], {
    stdio: ['ignore', log.fd, log.fd],
    // A Ctrl-C in the terminal goes to the parent, which stops the broker in order.
    detached: true,
  });
  await log.close();
  const watchdog = startWatchdog(child.pid);
  const ended = new Promise<number | null>((resolve) => {
    const done = (code: number | null): void => {
      watchdog?.kill();
      resolve(code);
    };
    child.once('error', () => done(null));
    child.once('exit', done);
  });
  try {
    await untilItAnswers(`127.0.0.1:${port}`, ended, logFile);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    broker: `127.0.0.1:${port}`,
    pid: child.pid!,
    logFile,
    ended,
    stop: (signal = 'SIGTERM') => stop(child, ended, signal),
  };
}

/** Kills the broker when this process has died without stopping it (kill -9): its end of the pipe closes then. */
function startWatchdog(pid: number | undefined): ChildProcess | null {
  if (pid === undefined) return null;
  const watchdog = spawn('sh', ['-c', `read _; kill -9 ${pid} 2>/dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.on('error', () => {});
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}

const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<unknown>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(late);
}

async function untilItAnswers(broker: string, ended: Promise<unknown>, logFile: string): Promise<void> {
  let gone = false;
  void ended.then(() => (gone = true));
  const admin = new Kafka({
    clientId: 'cairn-probe',
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }).admin();
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 200) {
    if (gone)
      throw new Error(
        `Kafka ended before it answered; the end of ${logFile}:\n${(await readFile(logFile, 'utf8')).slice(-2000)}`,
      );
    try {
      if (await answers(Number(broker.split(':')[1]))) {
        await admin.connect();
        const { brokers, controller } = await admin.describeCluster();
        if (brokers.length > 0 && controller !== null) return;
      }
    } catch {
      // Not yet.
    } finally {
      await admin.disconnect().catch(() => {});
    }
    await sleep(200);
  }
  throw new Error(`Kafka did not answer on ${broker} within ${START_TIMEOUT_MS / 1000} s; see ${logFile}`);
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** One node that is broker and controller. Everything that Kafka keeps three times by default is kept once. */
function serverProperties(topicsDir: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': topicsDir,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '8',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '8',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // The tests kill processes and wait for their sessions to end.
    'group.min.session.timeout.ms': '1000',
    // The cleaner looks at compacted topics every 15 s by default; the tests wait for it.
    'log.cleaner.backoff.ms': '1000',
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
