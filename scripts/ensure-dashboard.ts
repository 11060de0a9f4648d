/** Builds the dashboard when it is not there or older than its sources, so that `npm ci && npm start` is all there is to do (about 2 s). */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dashboard = join(root, 'services/live-feed/dashboard');
const built = join(dashboard, 'dist/index.html');

function newest(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && !entry.parentPath.includes('node_modules') && !entry.parentPath.includes('/dist'),
    )
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

const sources = Math.max(newest(dashboard), newest(join(root, 'packages/feed-client/src')));
if (!existsSync(built) || statSync(built).mtimeMs < sources) {
  console.error('building the dashboard …');
  execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: dashboard,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
