import { duration, integer, readEnv, type Env } from '@cairn/service-kit/config.ts';

/** What an operator may set of ingest. */
export interface IngestConfig {
  /** How long a request may take to send its body. */
  bodyMsMax?: number;
  /** Bytes of request bodies in memory; over it 503. */
  bytesHeldMax?: number;
}

export function readIngestConfig(env: Env = process.env): IngestConfig {
  return readEnv(env, {
    bodyMsMax: duration('CAIRN_INGEST_BODY_TIME', 15_000),
    bytesHeldMax: integer('CAIRN_INGEST_BYTES_HELD', 67_108_864, 1_000_000),
  });
}
