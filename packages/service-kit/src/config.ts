import { resolve } from 'node:path';
import { parseDuration } from '@cairn/contracts/duration.ts';

/**
 * Reads settings from the environment, once, into a frozen typed object with units in the names. A bad value stops the start
 * with an error that names every variable at fault. Never prints a value: it may be a secret.
 */
export type Env = Readonly<Record<string, string | undefined>>;

/** One setting: its variable, and how its text becomes a value. `read` throws a plain-English fault. */
export interface Setting<T> {
  variable: string;
  read(text: string | undefined): T;
}

export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly variables: readonly string[];
  constructor(faults: readonly { variable: string; message: string }[]) {
    super(faults.map((fault) => `${fault.variable} ${fault.message}`).join('\n'));
    this.variables = faults.map((fault) => fault.variable);
  }
}

export function readEnv<S extends Readonly<Record<string, Setting<unknown>>>>(
  env: Env,
  spec: S,
): Readonly<{ [K in keyof S]: S[K] extends Setting<infer T> ? T : never }> {
  const values: Record<string, unknown> = {};
  const faults: { variable: string; message: string }[] = [];
  for (const [name, setting] of Object.entries(spec)) {
    try {
      values[name] = setting.read(env[setting.variable]);
    } catch (error) {
      faults.push({ variable: setting.variable, message: (error as Error).message });
    }
  }
  if (faults.length) throw new ConfigError(faults);
  return Object.freeze(values) as Readonly<{ [K in keyof S]: S[K] extends Setting<infer T> ? T : never }>;
}

/** An unset or blank variable takes the fallback; null as fallback makes the setting optional. */
function setting<T, F>(variable: string, fallback: F, parse: (text: string) => T): Setting<T | F> {
  return {
    variable,
    read: (text) => (text === undefined || text.trim() === '' ? fallback : parse(text.trim())),
  };
}

export const text = <F extends string | null>(variable: string, fallback: F): Setting<string | F> =>
  setting(variable, fallback, (value) => value);

export function integer<F extends number | null>(
  variable: string,
  fallback: F,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): Setting<number | F> {
  return setting(variable, fallback, (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new Error(`must be a whole number from ${least} to ${most}`);
    return number;
  });
}

/** 0 lets the system choose a free one. */
export const port = <F extends number | null>(variable: string, fallback: F): Setting<number | F> =>
  integer(variable, fallback, 0, 65_535);

export function host<F extends string | null>(variable: string, fallback: F): Setting<string | F> {
  return setting(variable, fallback, (value) => {
    if (!/^[A-Za-z0-9.:_-]+$/.test(value)) throw new Error('must be a host name or an address, without scheme or port');
    return value;
  });
}

/** Milliseconds. `5s`, `250ms`, `5 seconds`, `3 days`; business days have no fixed length and are refused. */
export const duration = <F extends number | null>(variable: string, fallback: F): Setting<number | F> =>
  setting(variable, fallback, durationMs);

/** A comma-separated list of durations, in milliseconds. */
export const durations = <F extends readonly number[] | null>(
  variable: string,
  fallback: F,
): Setting<readonly number[] | F> => setting(variable, fallback, (value) => items(value).map(durationMs));

/** Comma-separated, blanks dropped. */
export const list = <F extends readonly string[] | null>(
  variable: string,
  fallback: F,
): Setting<readonly string[] | F> => setting(variable, fallback, items);

/** `host:port,…` (IPv6 in brackets). */
export function hostPorts<F extends readonly string[] | null>(
  variable: string,
  fallback: F,
): Setting<readonly string[] | F> {
  return setting(variable, fallback, (value) => {
    const entries = items(value);
    for (const entry of entries) {
      const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(entry);
      if (!match || Number(match[2]) > 65_535) throw new Error('must be a list of host:port, separated by commas');
    }
    return entries;
  });
}

/** Origins of web pages, as browsers send them: `https://app.example.com,…`. */
export function origins<F extends readonly string[] | null>(
  variable: string,
  fallback: F,
): Setting<readonly string[] | F> {
  return setting(variable, fallback, (value) => {
    const entries = items(value);
    for (const entry of entries)
      if (URL.parse(entry)?.origin !== entry)
        throw new Error('must be a list of origins such as https://app.example.com, separated by commas');
    return entries;
  });
}

/** Made absolute against the working directory. */
export const path = <F extends string | null>(variable: string, fallback: F): Setting<string | F> => ({
  variable,
  read: (value) => {
    const given = value === undefined || value.trim() === '' ? fallback : value.trim();
    return given === null ? fallback : resolve(given);
  },
});

/** An http or https address, without a trailing slash. */
export function url<F extends string | null>(variable: string, fallback: F): Setting<string | F> {
  return setting(variable, fallback, (value) => {
    const parsed = URL.parse(value);
    if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:'))
      throw new Error('must be an http:// or https:// address');
    return value.replace(/\/+$/, '');
  });
}

export function boolean<F extends boolean | null>(variable: string, fallback: F): Setting<boolean | F> {
  return setting(variable, fallback, (value) => {
    if (/^(1|true|yes|on)$/i.test(value)) return true;
    if (/^(0|false|no|off)$/i.test(value)) return false;
    throw new Error('must be true or false');
  });
}

export function oneOf<T extends string, F extends T | null>(
  variable: string,
  choices: readonly T[],
  fallback: F,
): Setting<T | F> {
  return setting(variable, fallback, (value) => {
    const found = choices.find((choice) => choice === value);
    if (!found) throw new Error(`must be one of ${choices.join(', ')}`);
    return found;
  });
}

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
type SaslMechanism = (typeof SASL_MECHANISMS)[number];
/** One member for each mechanism, as kafkajs has it. */
export type KafkaSasl = { [M in SaslMechanism]: { mechanism: M; username: string; password: string } }[SaslMechanism];

function sasl(variable: string): Setting<KafkaSasl | null> {
  return setting(variable, null, (value) => {
    const [name = '', username = '', ...rest] = value.split(':');
    const mechanism = SASL_MECHANISMS.find((known) => known === name.toLowerCase());
    const password = rest.join(':');
    if (!mechanism || username === '' || password === '')
      throw new Error(`must be mechanism:user:password, the mechanism one of ${SASL_MECHANISMS.join(', ')}`);
    return { mechanism, username, password };
  });
}

export const KAFKA_SETTINGS = {
  kafkaBrokers: hostPorts('CAIRN_KAFKA_BROKERS', null),
  /** TLS with the certificates that Node trusts. */
  kafkaTls: boolean('CAIRN_KAFKA_TLS', false),
  /** A PEM file to trust instead; switches TLS on. */
  kafkaTlsCa: path('CAIRN_KAFKA_TLS_CA', null),
  kafkaSasl: sasl('CAIRN_KAFKA_SASL'),
  /** Of the topics that Cairn makes; unset: the broker's default. */
  kafkaReplicationFactor: integer('CAIRN_KAFKA_REPLICATION_FACTOR', null, 1, 9),
};

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What every process reads, whatever it runs. */
export const PROCESS_SETTINGS = {
  port: port('PORT', 8080),
  host: host('CAIRN_HOST', '127.0.0.1'),
  dataDir: path('CAIRN_DATA_DIR', './data'),
  ...KAFKA_SETTINGS,
  logLevel: oneOf('CAIRN_LOG_LEVEL', LOG_LEVELS, 'info'),
  otlpEndpoint: url('OTEL_EXPORTER_OTLP_ENDPOINT', null),
};

export type ProcessConfig = ReturnType<typeof readProcessConfig>;

export function readProcessConfig(env: Env = process.env) {
  return readEnv(env, PROCESS_SETTINGS);
}

function items(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function durationMs(value: string): number {
  const parsed = parseDuration(value);
  if (!parsed) throw new Error('must be a duration such as 5s, 250ms, 5 seconds or 3 days');
  if (!('ms' in parsed)) throw new Error('must be a plain duration, not business days');
  return parsed.ms;
}
