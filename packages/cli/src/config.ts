/** What the one process of `cairn start` reads. Each service reads its own part too; all of it is read before anything starts. */
import { origins, PROCESS_SETTINGS, readEnv, url, type Env } from '@cairn/service-kit/config.ts';

export const START_SETTINGS = {
  ...PROCESS_SETTINGS,
  clickhouseUrl: url('CAIRN_CLICKHOUSE_URL', null),
  allowedOrigins: origins('CAIRN_ALLOWED_ORIGINS', null),
};

export type StartConfig = ReturnType<typeof readStartConfig>;

export function readStartConfig(env: Env = process.env) {
  return readEnv(env, START_SETTINGS);
}
