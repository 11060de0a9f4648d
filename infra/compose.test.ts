import { existsSync, readFileSync } from 'node:fs';
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

  it('has the four services on Kafka, and exactly one sink of the history', () => {
    for (const name of ['ingest', 'stitcher', 'orchestrator', 'live-feed'])
      expect(compose.services[name]?.environment?.CAIRN_KAFKA_BROKERS).toBe('kafka:9092');
    expect(Object.values(compose.services).filter((service) => service.environment?.CAIRN_HISTORY_SINK)).toHaveLength(
      1,
    );
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
