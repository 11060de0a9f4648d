/** What is wrong in a definition, said so that its author can put it right: a path in the file, a sentence, a suggestion. */
import type { ErrorObject } from 'ajv';

export interface Fault {
  /** `stages[2].stall.after`; empty for the file as a whole. */
  path: string;
  /** A sentence without the path. */
  message: string;
}

/** A suggestion further away than this is a guess. */
const DISTANCE_MAX = 2;

/** `; did you mean 'business'?` for the nearest of the known words, or nothing. */
export function suggest(wrong: string, known: readonly string[]): string {
  const nearest = nearestOf(wrong, known);
  return nearest === null ? '' : `; did you mean '${nearest}'?`;
}

export function nearestOf(wrong: string, known: readonly string[]): string | null {
  let nearest: string | null = null;
  // A short word is within two letters of almost any other.
  let least = Math.min(DISTANCE_MAX, Math.floor(wrong.length / 2)) + 1;
  for (const word of known) {
    const distance = distanceOf(wrong.toLowerCase(), word.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest;
}

/** Levenshtein, with a swap of neighbours as one step. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > DISTANCE_MAX || a.length > 100) return DISTANCE_MAX + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swap));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** `/stages/2/stall` → `stages[2].stall`; a name that is no plain word is quoted. */
export function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => joinPath(path, part), '');
}

export function joinPath(path: string, part: string): string {
  if (/^\d+$/.test(part)) return `${path}[${part}]`;
  if (!/^[\w-]+$/.test(part)) return `${path}['${part}']`;
  return path === '' ? part : `${path}.${part}`;
}

/** The faults that a JSON Schema validator found, in words. `schema` is the one they were validated by. */
export function faultsOfSchema(errors: readonly ErrorObject[], schema: unknown): Fault[] {
  return errors.map((error) => {
    const path = pathOf(error.instancePath);
    const { params } = error as { params: Record<string, unknown> };
    switch (error.keyword) {
      case 'additionalProperties': {
        const key = String(params['additionalProperty']);
        const known = knownKeys(schema, error.instancePath);
        const instead = suggest(key, known) || (known.length ? `; known here: ${known.join(', ')}` : '');
        return { path: joinPath(path, key), message: `'${key}' is not a known key${instead}` };
      }
      case 'required':
        return { path, message: `needs '${String(params['missingProperty'])}'` };
      case 'type':
        return { path, message: `must be ${typesInWords(params['type'])}` };
      case 'enum':
        return { path, message: `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}` };
      case 'const':
        return { path, message: `must be ${JSON.stringify(params['allowedValue'])}` };
      case 'pattern':
        return { path, message: patternInWords(path) };
      case 'minItems':
        return { path, message: `must have at least ${String(params['limit'])} ${things(params['limit'])}` };
      case 'maxItems':
        return { path, message: `must have at most ${String(params['limit'])} ${things(params['limit'])}` };
      case 'minProperties':
      case 'maxProperties':
        return { path, message: 'must have exactly one key: wait, action, branch or exit' };
      default:
        return { path, message: error.message ?? 'is not as it should be' };
    }
  });
}

function things(count: unknown): string {
  return count === 1 ? 'entry' : 'entries';
}

/** The keys that the schema knows at a place in the data. */
function knownKeys(schema: unknown, instancePath: string): string[] {
  const root = schema as SchemaPart;
  let at: SchemaPart | undefined = root;
  for (const part of instancePath.split('/').slice(1)) {
    at = follow(root, at);
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const others = typeof at?.additionalProperties === 'object' ? at.additionalProperties : undefined;
    at = at?.properties?.[name] ?? (/^\d+$/.test(part) ? at?.items : undefined) ?? others;
  }
  return Object.keys(follow(root, at)?.properties ?? {});
}

interface SchemaPart {
  $ref?: string;
  $defs?: Record<string, SchemaPart>;
  properties?: Record<string, SchemaPart>;
  items?: SchemaPart;
  additionalProperties?: boolean | SchemaPart;
}

function follow(root: SchemaPart, part: SchemaPart | undefined): SchemaPart | undefined {
  return part?.$ref === undefined ? part : root.$defs?.[part.$ref.slice('#/$defs/'.length)];
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a group of keys',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

function typesInWords(types: unknown): string {
  const names = (Array.isArray(types) ? (types as string[]) : [String(types)]).map((type) => TYPES[type] ?? type);
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)!}` : names[0]!;
}

function patternInWords(path: string): string {
  return path === 'name'
    ? "must be small letters, digits, '.', '_' and '-', starting with a letter or digit, at most 64 characters"
    : "must be a time of day such as '09:00', up to '24:00', in quotes";
}
