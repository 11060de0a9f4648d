import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { admitTouchpoint } from '@cairn/ingest/core/admit-touchpoint.ts';
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { createReplayWorld } from '../replay/replay-world.ts';
import { FEATURED, makeFeatured } from './featured.ts';

const YAML = readFileSync(new URL('../../../../definitions/b2b-sales.yaml', import.meta.url), 'utf8');
const START = Date.UTC(2026, 8, 1);

describe('the accounts to look for in the demo', () => {
  const loaded = loadDefinition(YAML);
  if (!loaded.ok) throw new Error('the definition has faults');
  const facts: { account: string; type: string; kind: string | null }[] = [];
  const nameOf = (fact: AlertFact | ActionFact): string => String((fact.journey as { name?: unknown }).name);
  const world = createReplayWorld(
    'default',
    {
      onFacts(outputs) {
        for (const { topic, value } of outputs) {
          if (topic === 'alerts')
            facts.push({
              account: nameOf(value as AlertFact),
              type: (value as AlertFact).type,
              kind: (value as AlertFact).alert.kind,
            });
          else if (topic === 'actions' && 'action' in (value as object))
            facts.push({ account: nameOf(value as ActionFact), type: (value as ActionFact).type, kind: null });
        }
      },
      onFailure(error) {
        throw error;
      },
    },
    { whole: true },
  );
  const calls = makeFeatured(START);
  world.define(loaded.definition, 1, calls[0]!.at);
  for (const { at, call } of calls) {
    const policy = { workspace: 'default', source: 'demo', imported: false };
    const admission = admitTouchpoint(policy, call, { receivedAt: at, kind: null, messageId: '' });
    if (admission.type === 'refused') throw new Error(admission.reason);
    world.take({ ...admission.touchpoint, timestamp: at });
  }
  world.until(calls.at(-1)!.at + 1);
  const of = ({ name }: { name: string }) => facts.filter(({ account }) => account === name);

  it('a champion goes quiet while a colleague is active: no stall', () => {
    expect(of(FEATURED.championQuiet).filter(({ kind }) => kind === 'stall')).toEqual([]);
  });

  it('an account stalls, gets an action, and is back', () => {
    expect(of(FEATURED.wonBack).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['alert.opened', 'action.requested', 'alert.resolved']),
    );
  });

  it('outreach is withdrawn because the buyer was back first', () => {
    const types = of(FEATURED.withdrawn).map(({ type }) => type);
    expect(types.indexOf('action.requested')).toBeGreaterThan(-1);
    expect(types.indexOf('action.withdrawn')).toBeGreaterThan(types.indexOf('action.requested'));
  });
});
