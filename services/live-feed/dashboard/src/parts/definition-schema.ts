/** Where one is in a definition's YAML, told by indentation alone, and which keys its schema has there. Reads text, changes nothing. */
import { SCHEMAS } from '@cairn/contracts/generated/schemas.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  $defs?: Record<string, Schema>;
}

const ROOT = SCHEMAS['journey-definition'] as unknown as Schema;

export interface KeyHint {
  key: string;
  type: string;
  info: string | null;
}

export function keysAt(text: string, position: number): KeyHint[] {
  const hints = new Map<string, KeyHint>();
  for (const schema of at(pathAt(text, position)))
    for (const [key, value] of Object.entries(schema.properties ?? {}))
      hints.set(key, { key, type: typeOf(value), info: value.description ?? null });
  return [...hints.values()];
}

/** The keys that lead to a place: `['stages', '[]', 'stall']`. A place within braces is that of the key before them. */
export function pathAt(text: string, position: number): string[] {
  const lines = text.slice(0, position).split('\n');
  const own = lines.pop() ?? '';
  const path: string[] = [];
  const braces = own.lastIndexOf('{') > own.lastIndexOf('}') ? own.slice(0, own.lastIndexOf('{')) : null;
  let indent: number;
  if (braces !== null) {
    const parts = [...braces.matchAll(/([\w-]+):/g)].map(([, key]) => key!);
    path.unshift(...(/^\s*-/.test(own) ? ['[]', ...parts] : parts));
    indent = own.search(/\S/);
  } else {
    const inItem = /^(\s*)-\s/.exec(own);
    if (inItem) path.unshift('[]');
    indent = inItem ? inItem[1]!.length : own.search(/\S|$/);
  }
  for (const line of lines.reverse()) {
    const match = /^(\s*)(-\s+)?([\w-]+):/.exec(line);
    if (!match) continue;
    const [, space = '', dash = '', key = ''] = match;
    if (dash && space.length + dash.length === indent) {
      // A sibling on the item's first line: the item is what one is in.
      path.unshift('[]');
      indent = space.length;
    } else if (space.length + dash.length < indent || (path[0] === '[]' && !dash && space.length <= indent)) {
      if (dash) {
        path.unshift('[]', key);
        indent = space.length;
      } else if (space.length < indent || path[0] === '[]') {
        path.unshift(key);
        indent = space.length;
        if (indent === 0) break;
      }
    }
  }
  return path;
}

/** The line (from 1) where a fault's path stands; as far as it can be followed. */
export function lineOf(text: string, path: string): number {
  const lines = text.split('\n');
  let from = 0;
  let best = 1;
  for (const [, key, index] of path.matchAll(/([\w-]+)|\[(\d+)\]/g)) {
    if (key !== undefined) {
      const found = lines.findIndex((line, n) => n >= from && new RegExp(`(^|[\\s{,-])${key}:`).test(line));
      if (found < 0) return best;
      from = found;
    } else {
      const own = lines[from]!.search(/\S/);
      let left = Number(index);
      let dash = -1;
      for (let n = from + 1; n < lines.length; n++) {
        const at = lines[n]!.search(/\S/);
        if (at < 0) continue;
        if (at < own || (at === own && !lines[n]!.trimStart().startsWith('-'))) break;
        if (lines[n]!.trimStart().startsWith('-') && (dash < 0 || at === dash)) {
          dash = at;
          if (left-- === 0) {
            from = n;
            break;
          }
        }
      }
    }
    best = from + 1;
  }
  return best;
}

function at(path: readonly string[]): Schema[] {
  let schemas = expand(ROOT);
  for (const part of path)
    schemas = schemas.flatMap((schema) => {
      const next = part === '[]' ? schema.items : (schema.properties?.[part] ?? additional(schema));
      return next ? expand(next) : [];
    });
  return schemas;
}

const additional = ({ additionalProperties }: Schema): Schema | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

/** A schema with its references and alternatives followed. */
function expand(schema: Schema, depth = 0): Schema[] {
  if (depth > 8) return [];
  if (schema.$ref) {
    const target = ROOT.$defs?.[schema.$ref.split('/').at(-1)!];
    return target ? expand(target, depth + 1) : [];
  }
  const others = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...others.flatMap((one) => expand(one, depth + 1))];
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.slice(0, 4).join(' | ');
  if (schema.$ref) return schema.$ref.split('/').at(-1)!.toLowerCase();
  return [schema.type ?? ''].flat().join(' | ');
}
