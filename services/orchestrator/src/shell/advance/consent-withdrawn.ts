/** A person takes consent back: outreach that waits is withdrawn at once, whatever its endpoint waits for. Remembers who denied what, to tell once. */
import type { DefinitionPut } from '@cairn/contracts/generated/control.ts';
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import { DO_NOT_CONTACT, consentSaid } from '../../core/deliver/consent.ts';
import { advanceKeys } from './advance-keys.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';
import { withdrawWebhooks } from './write-webhooks.ts';

const deniedKey = (workspace: string, personId: string): string => `@denied/${workspace}/${personId}`;

export function withdrawWithConsent(
  work: DeliverWork,
  partitions: (topic: string) => number,
  { workspace, person, touchpoint }: StitchedTouchpoint,
  now: number,
): void {
  const said = person && consentSaid(touchpoint);
  if (!said) return;
  const key = deniedKey(workspace, person.id);
  const before = work.get<readonly string[]>(key) ?? [];
  const needed = neededConsents(work, workspace);
  const added = said.denied.filter((category) => needed.has(category) && !before.includes(category));
  const after = [...before.filter((category) => !said.given.includes(category)), ...added];
  if (after.length === before.length && added.length === 0) return;
  work.set(key, after.length > 0 ? after : null);
  for (const category of added)
    withdrawWebhooks(
      work,
      partitions,
      workspace,
      { personId: person.id, types: ['action.*'], state: 'suppressed', reason: reasonOf(category) },
      now,
    );
}

export const forgetConsent = (work: DeliverWork, workspace: string, personId: string): void => {
  const key = deniedKey(workspace, personId);
  if (work.get(key) !== undefined) work.set(key, null);
};

const reasonOf = (category: string): string =>
  category === DO_NOT_CONTACT ? 'the person must not be contacted' : `consent to ${category} was withdrawn`;

/** What the workspace's definitions ask for before somebody is contacted. */
function neededConsents(work: DeliverWork, workspace: string): ReadonlySet<string> {
  const needed = new Set([DO_NOT_CONTACT]);
  const index = work.get<Record<string, unknown>>(advanceKeys.definitions(workspace)) ?? {};
  for (const name of Object.keys(index)) {
    const definition = work.get<DefinitionPut>(advanceKeys.definition(workspace, name))?.definition as {
      guardRails?: { requireConsent?: readonly string[] };
      actions?: readonly { consent?: string }[];
    };
    for (const category of definition?.guardRails?.requireConsent ?? []) needed.add(category);
    for (const { consent } of definition?.actions ?? []) if (consent) needed.add(consent);
  }
  return needed;
}
