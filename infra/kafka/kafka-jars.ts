/**
 * Finds the jars of Apache Kafka: `KAFKA_LIB`, else `infra/kafka/lib` (git-ignored), which Maven fills on first use. Decides
 * where the jars come from; never starts anything.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = import.meta.dirname;

/** The jar that says that a folder is filled: its version is the one pinned in pom.xml. */
export const KAFKA_JAR = 'kafka_2.13-4.1.1.jar';

/** Maven Central is slow on a bad day: 43 MB in ten minutes. */
const MAVEN_TIMEOUT_MS = 600_000;

/** The folder with the jars. Fetches them with Maven when they are not there; throws with what is missing when it cannot. */
export async function findKafkaJars(
  given: string | undefined = process.env.KAFKA_LIB,
  say: (line: string) => void = () => {},
): Promise<string> {
  if (given) {
    if (!existsSync(join(given, KAFKA_JAR))) throw new Error(`KAFKA_LIB=${given} does not hold ${KAFKA_JAR}`);
    return given;
  }
  const lib = join(HERE, 'lib');
  if (existsSync(join(lib, KAFKA_JAR))) return lib;
  const partial = `${lib}.${process.pid}.partial`;
  say('Fetching Apache Kafka 4.1.1 from Maven Central (43 MB, once)');
  await mkdir(partial, { recursive: true });
  try {
    await run(
      'mvn',
      [
        '-q',
        '-B',
        '-f',
        join(HERE, 'pom.xml'),
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${partial}`,
      ],
      { timeout: MAVEN_TIMEOUT_MS },
    );
    await rm(lib, { recursive: true, force: true });
    await rename(partial, lib);
  } catch (error) {
    // Another process may have filled it meanwhile.
    if (!existsSync(join(lib, KAFKA_JAR)))
      throw new Error(`Maven could not fetch the Kafka jars: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return lib;
}

/** True when `java` answers and is new enough for a Kafka 4 broker (17). */
export async function hasJava(): Promise<boolean> {
  try {
    const { stdout, stderr } = await run('java', ['-version'], { timeout: 20_000 });
    const major = Number(/version "(\d+)/.exec(stdout + stderr)?.[1] ?? 0);
    return major >= 17;
  } catch {
    return false;
  }
}

/** True when `mvn` answers. */
export async function hasMaven(): Promise<boolean> {
  try {
    await run('mvn', ['-v'], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
