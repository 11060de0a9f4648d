import { touchpointId } from '@cairn/contracts/ids.ts';
import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { IdentityWorld } from './identity-world.ts';

/**
 * A workspace's journeys in words that two workspaces share: people, accounts and touchpoints by what they were called from outside.
 * Left out is what may differ where everything else is the same: numbers that only rise, and ids that are made of them.
 */
export function journeysInWords(
  world: IdentityWorld,
  workspace: string,
  messageIds: readonly string[],
): Record<string, unknown> {
  const names = new Map(messageIds.map((id) => [touchpointId(workspace, id), id]));
  for (const { id, ids } of world.people(workspace))
    names.set(id, ids.map(({ namespace, value }) => `${namespace}:${value}`).join(' '));
  for (const fact of world.values<IdentityFile>('identities'))
    if (fact.type === 'account.changed' && fact.workspace === workspace)
      names.set(fact.account.id, fact.account.groupId ?? fact.account.domain ?? fact.account.id);
  const words: Record<string, unknown> = {};
  for (const [key, state] of Object.entries(world.subjects(workspace))) {
    if (typeof state !== 'object' || state === null || !('journeys' in state)) continue;
    const { journeys } = state;
    if (Object.keys(journeys as object).length === 0) continue;
    let text = JSON.stringify(state, (name, value: unknown) => (LEFT_OUT.has(name) ? undefined : value));
    let title = key.slice(workspace.length + 1);
    for (const [id, called] of names) {
      text = text.replaceAll(id, called);
      title = title.replaceAll(id, called);
    }
    const plain = JSON.parse(text) as {
      people: unknown[];
      journeys: Record<string, { id?: string; alerts: object; people: unknown[] }>;
    };
    plain.people.sort(byText);
    for (const journey of Object.values(plain.journeys)) {
      delete journey.id;
      journey.people.sort(byText);
      journey.alerts = Object.fromEntries(
        Object.entries(journey.alerts).map(([kind, alert]) => {
          const { state: at, stage, openedAt, reason } = alert as Record<string, unknown>;
          return [kind, { state: at, stage, openedAt, reason }];
        }),
      );
    }
    words[title] = plain;
  }
  return words;
}

/**
 * `silence` is what is learned from (a hand-over adds it up roughly, the past gives it exactly); `lag` and with it `due` are how late the
 * pipeline was.
 */
const LEFT_OUT = new Set(['seq', 'seqs', 'updatedAt', 'aliases', 'seenAt', 'silence', 'lag', 'due']);
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
