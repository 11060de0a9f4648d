import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** Builds and runs bench/peers/kafka-streams: two stages in Kafka Streams, exactly once, in a Java process of its own. */
export interface StreamsPeer {
  /** Milliseconds from the start of the process until it runs. */
  startMs: number;
  /** Records of state restored before it ran, and how long that took. */
  restored: number;
  restoreMs: number;
  /** Stops or goes on taking records; resolves once it said so. */
  say(command: 'pause' | 'resume'): Promise<void>;
  stop(): Promise<void>;
}

const FOLDER = join(import.meta.dirname, '../../peers/kafka-streams');
const JAR = 'kafka-streams-4.1.1.jar';
/** 70 MB from Maven Central on a bad day. */
const MAVEN_TIMEOUT_MS = 600_000;
/** One for each core. */
const THREADS = 2;

/** Compiles it where that was not done yet; Maven is asked for nothing once target/ is filled. Returns the class path. */
export async function buildStreamsPeer(): Promise<string> {
  const source = join(FOLDER, 'src/main/java/cairn/TwoStages.java');
  const compiled = join(FOLDER, 'target/classes/cairn/TwoStages.class');
  const lib = join(FOLDER, 'target/lib');
  const fresh =
    existsSync(join(lib, JAR)) && existsSync(compiled) && statSync(compiled).mtimeMs >= statSync(source).mtimeMs;
  if (!fresh) {
    console.error('building the Kafka Streams peer with Maven');
    const goals = ['compile', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${lib}`];
    await promisify(execFile)('mvn', ['-q', '-B', '-f', join(FOLDER, 'pom.xml'), ...goals], {
      timeout: MAVEN_TIMEOUT_MS,
    });
  }
  return [join(FOLDER, 'target/classes'), join(lib, '*')].join(delimiter);
}

export async function startStreamsPeer(options: {
  classPath: string;
  brokers: readonly string[];
  /** Before the names of its topics (`touchpoints`, `journeys`) and its application id. */
  prefix: string;
  stateDir: string;
  partitions: number;
}): Promise<StreamsPeer> {
  const { classPath, brokers, prefix, stateDir, partitions } = options;
  const startedAt = performance.now();
  const child = spawn(
    'java',
    [
      '-Xmx1g',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      '-cp',
      classPath,
      'cairn.TwoStages',
      brokers.join(','),
      prefix,
      stateDir,
      String(partitions),
      String(THREADS),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const exited = once(child, 'exit').then(() => process.off('exit', killAtExit));
  const waiting = new Map<string, (rest: string[]) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word, ...rest] = line.split(' ');
    waiting.get(word!)?.(rest);
  });
  const heard = (word: string): Promise<string[]> =>
    Promise.race([
      new Promise<string[]>((resolve) => waiting.set(word, resolve)),
      exited.then(() => Promise.reject(new Error(`the Kafka Streams peer ended with ${child.exitCode}`))),
    ]);

  const [restored, restoreMs] = await heard('running');
  return {
    startMs: Math.round(performance.now() - startedAt),
    restored: Number(restored),
    restoreMs: Number(restoreMs),
    async say(command) {
      const answer = heard(`${command}d`);
      child.stdin.write(`${command}\n`);
      await answer;
    },
    async stop() {
      child.stdin.end('stop\n');
      await exited;
    },
  };
}
