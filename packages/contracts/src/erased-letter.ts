/** Whether a refused touchpoint is of somebody who was erased: compared by hashes of the identifiers that stand in it, so that nobody has to be named. Pure. */
import { createHash } from 'node:crypto';

/** `hashes`: sha256 of workspace and `namespace:value`, as `person.erased` tells them. Bytes that are no JSON name nobody. */
export function isOfErased(workspace: string, raw: unknown, hashes: readonly string[]): boolean {
  if (hashes.length === 0) return false;
  const wanted = new Set(hashes);
  return keysIn(raw).some((key) =>
    wanted.has(createHash('sha256').update(workspace).update(' ').update(key).digest('base64url')),
  );
}

function keysIn(raw: unknown): string[] {
  const item = typeof raw === 'string' ? parsed(raw) : raw;
  if (!isObject(item)) return [];
  const context = isObject(item.context) ? item.context : {};
  const traits = [item.traits, context.traits].filter(isObject);
  const keys: string[] = [];
  const add = (namespace: string, value: unknown): void => {
    if (typeof value !== 'string' && typeof value !== 'number') return;
    const text = String(value).trim();
    if (text === '') return;
    for (const form of new Set([text, text.normalize('NFC'), text.toLowerCase(), text.replace(/[^\d+]/g, '')]))
      keys.push(`${namespace}:${form}`);
  };
  add('userId', item.userId);
  add('userId', item.previousId);
  add('anonymousId', item.anonymousId);
  add('anonymousId', item.previousId);
  if (isObject(context.device)) add('device', context.device.id);
  for (const said of traits) {
    add('email', said.email);
    add('phone', said.phone);
  }
  for (const entry of Array.isArray(context.externalIds) ? (context.externalIds as unknown[]) : [])
    if (isObject(entry) && typeof entry.type === 'string') add(entry.type, entry.id);
  return keys;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
