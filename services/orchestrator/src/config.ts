import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  PROCESS_SETTINGS,
  durations,
  hostPorts,
  path,
  readEnv,
  text,
  url,
  type Env,
  type Setting,
} from '@cairn/service-kit/config.ts';
import { DEFAULT_SCHEDULE } from './core/deliver/schedule.ts';

/** What an operator may set of the orchestrator (API.md section 1). */
export interface OrchestratorConfig {
  /** The definition that a new workspace starts with. */
  definitionPath: string;
  /** `host:port`: webhook targets allowed although loopback, private or not https. */
  webhookAllow: readonly string[];
  /** The waits after each failed attempt, ms; N entries are N retries. */
  retryScheduleMs: readonly number[];
  /** Encrypts webhook secrets; null: the one kept in the data directory. */
  secretKey: string | null;
  dataDir: string;
  /** `http://[user:password@]host:port`: webhooks to targets that are not on the list go through it; null: straight. */
  webhookProxy: string | null;
}

/** Beside the code, wherever the process was started. */
const DEFINITIONS = join(dirname(fileURLToPath(import.meta.url)), '../../../definitions');

/** The tunnel is asked for in the clear; what goes through it is TLS of its own. */
function plainHttp(setting: Setting<string | null>): Setting<string | null> {
  return {
    ...setting,
    read(given) {
      const value = setting.read(given);
      if (value !== null && !value.startsWith('http://')) throw new Error('must be an http:// address');
      return value;
    },
  };
}

/** Fewer characters are tried through within hours, whatever they are; `openssl rand -hex 32` gives 64. */
const SECRET_KEY_CHARS_MIN = 8;

/** Never repeats what was given: it is a secret. */
function longEnough(setting: Setting<string | null>): Setting<string | null> {
  return {
    ...setting,
    read(given) {
      const value = setting.read(given);
      if (value !== null && value.length < SECRET_KEY_CHARS_MIN)
        throw new Error(
          `is too short to keep webhook secrets: at least ${SECRET_KEY_CHARS_MIN} characters, better 64 ("openssl rand -hex 32"), or leave it out and one is made`,
        );
      return value;
    },
  };
}

export function readOrchestratorConfig(env: Env = process.env): OrchestratorConfig {
  return readEnv(env, {
    definitionPath: path('CAIRN_DEFINITION', join(DEFINITIONS, 'b2b-sales.yaml')),
    webhookAllow: hostPorts('CAIRN_WEBHOOK_ALLOW', []),
    retryScheduleMs: durations('CAIRN_RETRY_SCHEDULE', DEFAULT_SCHEDULE),
    secretKey: longEnough(text('CAIRN_SECRET_KEY', null)),
    dataDir: PROCESS_SETTINGS.dataDir,
    webhookProxy: plainHttp(url('CAIRN_WEBHOOK_PROXY', null)),
  });
}
