/** Texts with `{{ paths }}`: filled in once, when an action is chosen. Total: what is not there is left out, nothing is ever run. */

/** A title of a card, a sentence of a mail; a trait of 30 kB must not go along. */
const FILLED_CHARS_MAX = 500;
const PLACE = /\{\{\s*([\w-]+(?:\.[\w -]+?)*)(?:\s*\|\s*([^}]*?))?\s*\}\}/g;

/** `{{ path }}`, or `{{ path | what stands there without it }}`. Arrays and objects have no text. */
export function fillTemplate(template: string, values: Readonly<Record<string, unknown>>): string {
  const filled = template.replace(PLACE, (_place, path: string, otherwise: string | undefined) => {
    const value = dig(values, path.split('.'));
    if (typeof value === 'string' && value !== '') return value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : (otherwise ?? '');
  });
  return filled.replace(/\s+/g, ' ').trim().slice(0, FILLED_CHARS_MAX);
}

function dig(from: unknown, path: readonly string[]): unknown {
  let value = from;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
