/**
 * npm leaves an optional platform package out of the lock file when the registry at hand does not carry it, and `npm ci` then
 * refuses to run on every machine ("Missing … from lock file"). This completes the lock: an entry with version, `optional`,
 * os and cpu for each missing optional dependency. `--check` changes nothing and fails when an entry is missing or an address of a registry is in the file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockEntry {
  version?: string;
  resolved?: string;
  link?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const path = join(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> };
const check = process.argv.includes('--check');
const faults: string[] = [];

const OS: Record<string, string> = {
  linux: 'linux',
  linuxmusl: 'linux',
  darwin: 'darwin',
  win32: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos',
  aix: 'aix',
  openharmony: 'openharmony',
  windows: 'win32',
};
const CPU: Record<string, string> = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  '64': 'x64',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
  mips64el: 'mips64el',
};

/** Platform words in a package's name: `@chdb/lib-darwin-arm64` → os darwin, cpu arm64. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu'> {
  const words = name.split('/').at(-1)!.split(/[-.]/);
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.map((word) => CPU[word]).find(Boolean);
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}) };
}

/** Where npm would look for `name` from the package at `from`: its own node_modules, then each above. */
function resolves(from: string, name: string): boolean {
  for (let at = from; ;) {
    if (lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (!at) return false;
    const cut = at.lastIndexOf('/node_modules/');
    at = cut < 0 ? '' : at.slice(0, cut);
  }
}

for (const [from, entry] of Object.entries(lock.packages)) {
  if (entry.resolved && !entry.link) {
    if (check) faults.push(`${from} names an address: ${entry.resolved}`);
    else delete entry.resolved;
  }
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolves(from, name)) continue;
    if (check) faults.push(`${from} wants ${name}@${version}, which the lock file does not have`);
    else {
      lock.packages[`node_modules/${name}`] = {
        version: version.replace(/^[\^~]/, ''),
        optional: true,
        ...platformOf(name),
      };
      console.error(`added ${name}@${version}`);
    }
  }
}
if (check) {
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length ? 1 : 0;
} else {
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
}
