import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTES } from '@cairn/cli/cluster/routes.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const compose = parse(readFileSync(join(root, 'infra/compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<
    string,
    {
      command?: string[];
      volumes?: string[];
      depends_on?: Record<string, unknown> | string[];
      environment?: Record<string, string>;
    }
  >;
  volumes: Record<string, null>;
};
const proxy = readFileSync(join(root, 'infra/proxy/nginx.conf'), 'utf8');

/** Every variable that a config of ours reads. */
const SETTINGS = [
  'packages/service-kit/src/config.ts',
  'packages/cli/src/config.ts',
  'services/ingest/src/config.ts',
  'services/stitcher/src/config.ts',
  'services/orchestrator/src/config.ts',
  'services/live-feed/src/config.ts',
].flatMap((path) => readFileSync(join(root, path), 'utf8').match(/\b(CAIRN|OTEL)_[A-Z_]+\b/g) ?? []);

describe('compose.yaml', () => {
  it('runs files that exist, on volumes and services that are declared', () => {
    for (const service of Object.values(compose.services)) {
      if (service.command) expect(existsSync(join(root, service.command[1]!)), service.command[1]).toBe(true);
      for (const volume of service.volumes ?? []) {
        const source = volume.split(':')[0]!;
        if (source.startsWith('.')) expect(existsSync(join(root, 'infra', source)), source).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
      const needs = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {});
      for (const name of needs) expect(Object.keys(compose.services)).toContain(name);
    }
  });

  it('has the four services on Kafka', () => {
    for (const name of ['ingest', 'stitcher', 'orchestrator', 'live-feed'])
      expect(compose.services[name]?.environment?.CAIRN_KAFKA_BROKERS).toBe('kafka:9092');
  });

  it('sets nothing that no service reads', () => {
    const set = new Set(Object.values(compose.services).flatMap((service) => Object.keys(service.environment ?? {})));
    const ours = [...set].filter((name) => name.startsWith('CAIRN_'));
    expect(ours.length).toBeGreaterThan(3);
    for (const name of ours) expect(SETTINGS, name).toContain(name);
  });
});

describe('the proxy', () => {
  it('sends each path where the cluster of `npm run cluster` sends it', () => {
    const locations = [...proxy.matchAll(/location (~ )?(\S+) \{\s+set \$service (\S+):8080;/g)].map(
      ([, regular, path, service]) => ({ path: regular ? path! : `^${path}`, service }),
    );
    expect(locations).toEqual(
      ROUTES.map(({ service, path }) => ({ path: path.source.replaceAll('\\/', '/'), service })),
    );
  });

  it('has balanced braces, and every statement ends', () => {
    const code = proxy.replace(/#.*$/gm, '').replace(/'[^']*'/g, 'text');
    expect(code.split('{').length).toBe(code.split('}').length);
    for (const line of code
      .split('\n')
      .map((text) => text.trim())
      .filter(Boolean))
      expect(line).toMatch(/[;{}]$/);
  });
});

describe('the Helm chart', () => {
  const chart = (name: string): string => readFileSync(join(root, 'infra/helm', name), 'utf8');

  it('has the four services', () => {
    const values = parse(chart('values.yaml')) as { services: Record<string, unknown> };
    expect(Object.keys(values.services).sort()).toEqual([...new Set(ROUTES.map(({ service }) => service))].sort());
  });

  it('sets nothing that no service reads', () => {
    const set = chart('templates/_helpers.tpl')
      .match(/name: (CAIRN|OTEL)_[A-Z_]+/g)!
      .map((text) => text.slice(6));
    expect(set.length).toBeGreaterThan(5);
    for (const name of set) expect(SETTINGS, name).toContain(name);
  });

  it('sends each path where the cluster of `npm run cluster` sends it', () => {
    const table = /range \$path, \$service := dict (.*?) \}\}/.exec(chart('templates/ingress.yaml'))![1]!;
    const pairs = [...table.matchAll(/"(\S+)" "(\S+)"/g)].map(([, path, service]) => [path!, service!] as const);
    expect(pairs.length).toBeGreaterThan(5);
    for (const [path, service] of pairs)
      expect([path, ROUTES.find((route) => route.path.test(path))!.service]).toEqual([path, service]);
    // And none is missing: what a route of its own names stands in the table.
    for (const { path } of ROUTES) {
      const names = /\(([\w|]+)\)/.exec(path.source)?.[1]?.split('|') ?? [];
      for (const name of names.filter((word) => word.length > 1))
        expect(pairs.map(([prefix]) => prefix)).toContain(`/api/${name}`);
    }
  });
});

describe('the Grafana dashboard', () => {
  it('asks for nothing that no service counts', () => {
    const board = JSON.parse(readFileSync(join(root, 'infra/grafana/cairn.json'), 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    const code = ['packages', 'services'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => /^[\w-]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'))
        .map((path) => readFileSync(join(root, folder, path), 'utf8')),
    );
    const counted = new Set(code.flatMap((text) => [...text.matchAll(/'(cairn_[a-z_]+)'/g)].map(([, name]) => name!)));
    const asked = board.panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/cairn_[a-z_]+/g) ?? []),
    );
    expect(asked.length).toBeGreaterThan(15);
    for (const name of asked) expect(counted, name).toContain(name.replace(/_bucket$/, ''));
  });
});
