import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { admitTouchpoint } from '@cairn/ingest/core/admit-touchpoint.ts';
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { createReplayWorld } from '@cairn/replay/replay-world.ts';
import type { DemoCall } from './buyers.ts';
import { FEATURED, makeFeatured, REP_TAKES_MS } from './featured.ts';

const YAML = readFileSync(new URL('../../../../definitions/b2b-sales.yaml', import.meta.url), 'utf8');

/** The demo begins 60 days back from whenever somebody starts it. These starts once told another story: over holidays, at an hour between two of a day. */
const STARTS = [
  '2026-04-20T18:13:00.000Z',
  '2026-08-20T10:13:00.000Z',
  '2026-11-04T11:13:00.000Z',
  '2026-12-20T02:13:00.000Z',
];

describe.each(STARTS)('the accounts to look for in a demo that begins at %s', (start) => {
  const facts = factsOf(makeFeatured(Date.parse(start)));
  const of = ({ name }: { name: string }) => facts.filter(({ account }) => account === name);

  it('a champion goes quiet while a colleague is active: no stall, but a role that is silent', () => {
    const kinds = of(FEATURED.championQuiet)
      .filter(({ type }) => type === 'alert.opened')
      .map(({ kind }) => kind);
    expect(kinds).not.toContain('stall');
    expect(kinds).toContain('role-silent');
  });

  it('an account stalls, gets an action, and is back', () => {
    const stall = of(FEATURED.wonBack).filter(({ kind }) => kind === 'stall' || kind === null);
    const opened = stall.findIndex(({ type }) => type === 'alert.opened');
    const asked = stall.findIndex(({ type }, index) => type === 'action.requested' && index > opened);
    const resolved = stall.findIndex(({ type, by }) => type === 'alert.resolved' && by === 'buyer');
    expect(opened).toBeGreaterThan(-1);
    expect(asked).toBeGreaterThan(opened);
    expect(resolved).toBeGreaterThan(asked);
    expect(stall[asked]!.at + REP_TAKES_MS).toBeLessThan(stall[resolved]!.at);
  });

  it('outreach is withdrawn because the buyer was back before the rep had called', () => {
    const all = of(FEATURED.withdrawn);
    const stall = all.find(({ type, kind }) => type === 'alert.opened' && kind === 'stall');
    const asked = all.find(({ type, at }) => type === 'action.requested' && at >= (stall?.at ?? Infinity));
    const withdrawn = all.find(({ type, id }) => type === 'action.withdrawn' && id === asked?.id);
    expect(asked).toBeDefined();
    expect(withdrawn).toBeDefined();
    expect(withdrawn!.at).toBeLessThan(asked!.at + REP_TAKES_MS);
  });

  it('all three are told within nine working days, half a minute of the demo', () => {
    const last = facts.filter(({ type }) => type === 'action.withdrawn').at(0);
    expect(last!.at - Date.parse(start)).toBeLessThan(20 * 24 * 3_600_000);
  });
});

interface Told {
  account: string;
  type: string;
  kind: string | null;
  id: string;
  by: string | null;
  /** Epoch ms. */
  at: number;
}

function factsOf(calls: readonly DemoCall[]): Told[] {
  const loaded = loadDefinition(YAML);
  if (!loaded.ok) throw new Error('the definition has faults');
  const facts: Told[] = [];
  const nameOf = (fact: AlertFact | ActionFact): string => String((fact.journey as { name?: unknown }).name);
  const world = createReplayWorld(
    'default',
    {
      onFacts(outputs) {
        for (const { topic, value } of outputs) {
          if (topic === 'alerts') {
            const { type, at, alert, ...fact } = value as AlertFact;
            const account = nameOf({ type, at, alert, ...fact });
            facts.push({ account, type, at, kind: alert.kind, id: alert.id, by: alert.resolvedBy });
          } else if (topic === 'actions' && 'action' in (value as object)) {
            const fact = value as ActionFact;
            facts.push({
              account: nameOf(fact),
              type: fact.type,
              at: fact.at,
              kind: null,
              id: fact.action.id,
              by: null,
            });
          }
        }
      },
      onFailure(error) {
        throw error;
      },
    },
    { whole: true },
  );
  world.define(loaded.definition, 1, calls[0]!.at);
  for (const { at, call } of calls) {
    const policy = { workspace: 'default', source: 'demo', imported: false };
    const admission = admitTouchpoint(policy, call, { receivedAt: at, kind: null, messageId: '' });
    if (admission.type === 'refused') throw new Error(admission.reason);
    world.take({ ...admission.touchpoint, timestamp: at });
  }
  world.until(calls.at(-1)!.at + 1);
  return facts;
}
