import { pino, type DestinationStream, type Logger } from 'pino';

/** JSON lines with one event name each: `logger.info({ event: 'ingest.started', port })`. Secrets never reach a line. */
export function createLogger(options: { service: string; level?: string; destination?: DestinationStream }): Logger {
  const { service, level = 'info', destination } = options;
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    },
    // Synchronous by default: the last lines before an exit are the ones that matter.
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** A logger that says nothing: for tests and benchmarks. */
export const silentLogger = (): Logger => pino({ level: 'silent' });

const SECRETS = ['authorization', 'token', 'adminToken', 'writeKey', 'secret', 'cookie', 'password'];
const SECRET_PATHS = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
