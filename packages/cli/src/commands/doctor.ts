import { existsSync, statfsSync } from 'node:fs';
import { Command } from 'commander';
import { readFirstRun } from '../api-client.ts';
import { WrongUse } from '../wrong-use.ts';

interface Finding {
  what: string;
  ok: boolean;
  detail: string;
}

/** `cairn doctor`: what this machine and a running Cairn look like, and what to do about what is wrong. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine and the running Cairn')
    .option('--url <url>', 'where Cairn runs')
    .option('--json', 'print JSON')
    .action(async (options: { url?: string; json?: boolean }) => {
      const findings = [nodeVersion(), dataDirectory(), ...(await running(options.url))];
      if (options.json) console.log(JSON.stringify(findings, null, 2));
      else for (const { what, ok, detail } of findings) console.log(`${ok ? 'ok  ' : 'FAIL'}  ${what}: ${detail}`);
      if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
    });
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    what: 'node',
    ok: major >= 24,
    detail: `${process.version}${major >= 24 ? '' : '; run through npm, which brings 24'}`,
  };
}

function dataDirectory(): Finding {
  const path = process.env.CAIRN_DATA_DIR ?? './data';
  if (!existsSync(path)) return { what: 'data', ok: true, detail: `${path} is made on the first start` };
  const { bavail, bsize } = statfsSync(path);
  const freeGiB = (bavail * bsize) / 2 ** 30;
  return { what: 'data', ok: freeGiB >= 1, detail: `${path}, ${freeGiB.toFixed(1)} GiB free` };
}

async function running(
  url = process.env.CAIRN_URL ?? readFirstRun()?.url ?? 'http://127.0.0.1:8080',
): Promise<Finding[]> {
  if (!URL.canParse(url)) throw new WrongUse(`${url} is no address`);
  const ask = async (path: string): Promise<Finding> => {
    try {
      const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(5_000) });
      return { what: path, ok: response.ok, detail: `${response.status} from ${url}` };
    } catch {
      return { what: path, ok: false, detail: `${url} does not answer: npm start` };
    }
  };
  return [await ask('/healthz'), await ask('/readyz')];
}
