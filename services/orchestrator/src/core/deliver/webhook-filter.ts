import type { Comparison } from '@cairn/contracts/generated/journey-definition.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { compileComparison } from '../condition.ts';

/**
 * An endpoint's filter: the language of definitions (all / any / not / where) over `type` and `data`. Total: never throws, an empty
 * group matches nothing.
 */
export interface WebhookFilter {
  all?: WebhookFilter[];
  any?: WebhookFilter[];
  not?: WebhookFilter;
  /** `data.kind`, `data.journey.stage`, `type` → comparison. */
  where?: Record<string, Comparison>;
}

export interface FilteredEvent {
  type: string;
  data: Record<string, unknown>;
}

type Predicate = (event: FilteredEvent) => boolean;
type OnFault = (path: string, message: string) => void;

/** Deeper is no filter that a person wrote. */
const DEPTH_MAX = 16;
const NOTHING: Predicate = () => false;

/** Every fault with its path; none: the filter is fine. */
export function checkFilter(filter: unknown): { path: string; message: string }[] {
  const faults: { path: string; message: string }[] = [];
  compile(filter, 'filter', (path, message) => faults.push({ path, message }), 0);
  return faults;
}

const compiled = new WeakMap<object, Predicate>();

/** No filter lets everything pass. */
export function passesFilter(filter: object | null | undefined, event: FilteredEvent): boolean {
  if (!filter) return true;
  let predicate = compiled.get(filter);
  if (!predicate) compiled.set(filter, (predicate = compile(filter, 'filter', () => {}, 0)));
  return predicate(event);
}

function compile(filter: unknown, path: string, onFault: OnFault, depth: number): Predicate {
  if (depth > DEPTH_MAX) return fault(onFault, path, `is nested more than ${DEPTH_MAX} deep`);
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
    return fault(onFault, path, 'must be an object with all, any, not or where');
  const parts: Predicate[] = [];
  for (const [name, value] of Object.entries(filter)) {
    const at = `${path}.${name}`;
    if (name === 'not') {
      const inner = compile(value, at, onFault, depth + 1);
      parts.push((event) => !inner(event));
    } else if (name === 'all' || name === 'any') {
      if (!Array.isArray(value) || value.length === 0) return fault(onFault, at, 'must be a list of conditions');
      const inner = value.map((one, i) => compile(one, `${at}[${i}]`, onFault, depth + 1));
      parts.push(
        name === 'all' ? (event) => inner.every((one) => one(event)) : (event) => inner.some((one) => one(event)),
      );
    } else if (name === 'where') parts.push(compileWhere(value, at, onFault));
    else return fault(onFault, at, 'is not one of all, any, not, where');
  }
  return parts.length === 0 ? fault(onFault, path, 'matches nothing') : (event) => parts.every((part) => part(event));
}

function compileWhere(where: unknown, path: string, onFault: OnFault): Predicate {
  if (typeof where !== 'object' || where === null || Array.isArray(where) || Object.keys(where).length === 0)
    return fault(onFault, path, 'must be an object of paths and comparisons');
  const isComparison = validatorOf('journey-definition', 'Comparison');
  const parts = Object.entries(where).map(([dotted, comparison]): Predicate => {
    const at = `${path}['${dotted}']`;
    if (dotted !== 'type' && !/^data\.[^.]+(\.[^.]+)*$/.test(dotted))
      return fault(onFault, at, 'must be type or start with data.');
    if (!isComparison(comparison)) return fault(onFault, at, 'is no comparison');
    const test = compileComparison(comparison as Comparison, at, onFault);
    const names = dotted.split('.');
    return (event) => test(dig(event, names));
  });
  return (event) => parts.every((part) => part(event));
}

function fault(onFault: OnFault, path: string, message: string): Predicate {
  onFault(path, message);
  return NOTHING;
}

/** Own properties only: a path never reaches into a prototype. */
function dig(from: unknown, names: readonly string[]): unknown {
  let value = from;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
