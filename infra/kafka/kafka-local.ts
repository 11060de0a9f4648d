/**
 * `npm run kafka:local`: a real Apache Kafka 4.1 broker on 127.0.0.1 for development. Needs Java 17 and, the first time, Maven.
 *
 *   node infra/kafka/kafka-local.ts [--port 9092] [--dir data/kafka]     (or KAFKA_PORT, KAFKA_DIR; KAFKA_LIB for given jars)
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findKafkaJars, hasJava } from './kafka-jars.ts';
import { startKafkaProcess } from './kafka-process.ts';

const { values } = parseArgs({
  options: { port: { type: 'string' }, dir: { type: 'string' }, 'fetch-only': { type: 'boolean' } },
});
const port = Number(values.port ?? process.env.KAFKA_PORT ?? 9092);
const dataDir = resolve(values.dir ?? process.env.KAFKA_DIR ?? 'data/kafka');
if (!Number.isInteger(port) || port < 0 || port > 65_535)
  fail(`--port (or KAFKA_PORT) must be a port, not ${values.port ?? process.env.KAFKA_PORT}`);

if (!(await hasJava()))
  fail('kafka:local needs Java 17 or newer on the PATH (for example: apt install openjdk-17-jre-headless maven)');
if (values['fetch-only']) {
  // For CI: the download is not the first test's business.
  await findKafkaJars(process.env.KAFKA_LIB, (line) => console.log(line));
  process.exit(0);
}
const kafka = await findKafkaJars(process.env.KAFKA_LIB, (line) => console.log(line))
  .then((lib) => startKafkaProcess({ lib, dataDir, port }))
  .catch((error: unknown) => fail((error as Error).message));
console.log(
  `Kafka 4.1.1 is ready on ${kafka.broker} (pid ${kafka.pid}, data in ${dataDir}, output in ${kafka.logFile})`,
);

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    stopping = true;
    void kafka.stop();
  });
const code = await kafka.ended;
if (!stopping) fail(`Kafka ended by itself (code ${code}); see ${kafka.logFile}`);
console.log('Kafka has stopped');

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
