import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkspace, type DefaultDefinition } from '@cairn/orchestrator/shell/control/control-routes.ts';
import { awaitDefinitionLive } from '@cairn/orchestrator/shell/control/definition-live.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { FirstRun } from './api-client.ts';

const WORKSPACE = 'default';

/**
 * On the first start: the workspace `default`, its keys, and first-run.json (mode 0600) with them. Later starts only bring the address
 * up to date. Where the file was lost, new keys are made for the same workspace: their text is kept nowhere else.
 */
export async function firstRun(
  ports: Pick<Ports, 'control' | 'clock'>,
  options: { dataDir: string; url: string; defaultDefinition: DefaultDefinition },
): Promise<{ firstRun: FirstRun; isFirst: boolean }> {
  const { dataDir, url, defaultDefinition } = options;
  const path = join(dataDir, 'first-run.json');
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as FirstRun) : null;
  const still = known && ports.control.grantOf(known.adminToken, ports.clock.now());
  if (known && still) {
    const current = { ...known, url, dashboardUrl: dashboardUrl(url, known.adminToken) };
    if (known.url !== url) write(path, current);
    return { firstRun: current, isFirst: false };
  }
  const made = await createWorkspace(
    { ports, defaultDefinition, definitionLive: awaitDefinitionLive },
    { id: WORKSPACE, name: WORKSPACE, installation: true, by: 'first start' },
  );
  const first: FirstRun = {
    url,
    dashboardUrl: dashboardUrl(url, made.adminToken),
    workspace: made.id,
    writeKey: made.writeKey,
    adminToken: made.adminToken,
  };
  write(path, first);
  return { firstRun: first, isFirst: true };
}

const dashboardUrl = (url: string, token: string): string => `${url}/login?token=${encodeURIComponent(token)}`;

/** Whole or not at all: a reader never sees half a file. */
function write(path: string, first: FirstRun): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(first, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
