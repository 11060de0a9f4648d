/**
 * Whether a dead letter is of somebody who was erased: by the ids of people that stand in it, and by hashes of its identifiers, so that nobody has
 * to be named. Pure.
 */
import { createHash } from 'node:crypto';
import { emailText, trimmedText } from './identifier-text.ts';
import { parseForeignJson } from './json.ts';

/** `raw`: what came, as text or parsed. `hashes`: as `person.erased` tells them; `ids`: of the people who were erased. */
export function isOfErased(
  workspace: string,
  raw: unknown,
  hashes: readonly string[],
  ids: readonly string[] = [],
): boolean {
  if (namesAny(raw, ids)) return true;
  if (hashes.length === 0) return false;
  const wanted = new Set(hashes);
  return letterHashes(workspace, raw).some((hash) => wanted.has(hash));
}

/** Ids of people hold nothing that JSON would escape. */
function namesAny(raw: unknown, ids: readonly string[]): boolean {
  if (ids.length === 0) return false;
  const text = typeof raw === 'string' ? raw : JSON.stringify(raw ?? null);
  return ids.some((id) => text.includes(id));
}

/** Ids of people are UUIDs. */
const UUID = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g;

/** Whatever in the text may be the id of a person. */
export const peopleIn = (text: string): readonly string[] => text.match(UUID) ?? [];

export const namesErased = (text: string, erased: ReadonlyMap<string, unknown>): boolean =>
  erased.size > 0 && peopleIn(text).some((id) => erased.has(id));

/** sha256 of workspace and `namespace:value` of each identifier that stands in the letter, in every spelling that may have been stored. */
export function letterHashes(workspace: string, raw: unknown): string[] {
  return keysIn(raw).map((key) => createHash('sha256').update(workspace).update(' ').update(key).digest('base64url'));
}

function keysIn(raw: unknown): string[] {
  const keys = new Set<string>();
  const add = (namespace: string, value: unknown): void => {
    if (typeof value !== 'string' && typeof value !== 'number') return;
    const text = trimmedText(String(value));
    if (text === '') return;
    const email = namespace === 'email' ? (emailText(text) ?? '') : '';
    for (const form of [text, text.normalize('NFC'), text.toLowerCase(), text.replace(/[^\d+]/g, ''), email])
      if (form !== '') keys.add(`${namespace}:${form}`);
  };
  const item = typeof raw === 'string' ? parsed(raw) : raw;
  if (isObject(item)) {
    addIds(item, add);
    // As a task had it: a touchpoint within what was stitched.
    if (isObject(item.touchpoint)) addIds(item.touchpoint, add);
  } else if (typeof raw === 'string') addWords(raw, add);
  return [...keys];
}

type Add = (namespace: string, value: unknown) => void;

function addIds(item: Readonly<Record<string, unknown>>, add: Add): void {
  const context = isObject(item.context) ? item.context : {};
  const traits = [item.traits, context.traits].filter(isObject);
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
}

/** A row of a table, or JSON that was cut. Enough for any row; what is looked through is a whole list of letters. */
const WORDS_MAX = 300;
const WORD_CHARS_MAX = 200;

function addWords(text: string, add: Add): void {
  const words = new Set<string>();
  for (const [word] of text.matchAll(/[^\s"',;:|{}[\]]+/g)) {
    if (word.length <= WORD_CHARS_MAX) words.add(word);
    if (words.size >= WORDS_MAX) break;
  }
  for (const word of words) {
    if (word.includes('@')) add('email', word);
    else if (/^\+?\d[\d().-]{5,}$/.test(word)) add('phone', word);
    add('userId', word);
    add('anonymousId', word);
  }
}

function parsed(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
