/**
 * Text (YAML or JSON) or parsed data → a checked journey definition, or every fault with its path in the file. Never throws on
 * what an author wrote, however odd. What it lets through, `compileDefinition` compiles.
 */
import { parseDocument } from 'yaml';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { SCHEMAS } from '@cairn/contracts/generated/schemas.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { checkDefinition, checkWhatIsThere } from './check-definition.ts';
import { faultsOfSchema, type Fault } from './faults.ts';

export type LoadedDefinition = { ok: true; definition: JourneyDefinition } | { ok: false; faults: Fault[] };

/** A definition goes to every partition and into every one's state; 100 kB is fifty pages. */
export const DEFINITION_CHARS_MAX = 100_000;
/** More tell nobody more. */
const FAULTS_MAX = 100;
/** Of brackets within brackets; a condition is at most 32 deep, two brackets each. */
const BRACKETS_MAX = 200;
/** Colons and commas; the YAML parser compares each key of a mapping with all others. The largest shipped definition has 500. */
const ENTRIES_MAX = 3_000;
/** YAML aliases may expand without end ("billion laughs"). */
const YAML_ALIASES_MAX = 100;

export function loadDefinition(source: unknown): LoadedDefinition {
  try {
    const parsed = typeof source === 'string' ? parse(source) : { data: source };
    if ('faults' in parsed) return { ok: false, faults: parsed.faults };
    if (JSON.stringify(parsed.data)?.length > DEFINITION_CHARS_MAX) return refuse(TOO_LARGE);
    return check(parsed.data);
  } catch (error) {
    if (error instanceof RangeError) return refuse(TOO_DEEP);
    throw error;
  }
}

const TOO_LARGE = `has more than ${DEFINITION_CHARS_MAX.toLocaleString('en')} characters`;

const TOO_DEEP = 'is nested too deep';

function refuse(message: string): LoadedDefinition {
  return { ok: false, faults: [{ path: '', message }] };
}

/** Counted before it is parsed, whatever the characters stand for: the YAML parser takes seconds over what no author writes. */
function sizeFault(text: string): string | null {
  let depth = 0;
  let entries = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ':' || character === ',') entries++;
    if (depth > BRACKETS_MAX) return TOO_DEEP;
  }
  return entries > ENTRIES_MAX ? `has more than ${ENTRIES_MAX.toLocaleString('en')} entries` : null;
}

function parse(text: string): { data: unknown } | { faults: Fault[] } {
  if (text.length > DEFINITION_CHARS_MAX) return { faults: [{ path: '', message: TOO_LARGE }] };
  const tooMuch = sizeFault(text);
  if (tooMuch) return { faults: [{ path: '', message: tooMuch }] };
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length)
    return {
      faults: document.errors.slice(0, FAULTS_MAX).map((error) => ({
        path: '',
        message: `line ${text.slice(0, error.pos[0]).split('\n').length}: ${error.message}`,
      })),
    };
  try {
    return { data: document.toJS({ maxAliasCount: YAML_ALIASES_MAX }) as unknown };
  } catch (error) {
    return { faults: [{ path: '', message: (error as Error).message }] };
  }
}

function check(data: unknown): LoadedDefinition {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return refuse('must be a group of keys: cairn, name, unit, stages, …');
  const validate = validatorOf('journey-definition');
  if (!validate(data)) {
    const faults = faultsOfSchema(validate.errors ?? [], SCHEMAS['journey-definition']);
    return { ok: false, faults: [...faults, ...othersThan(faults, checkWhatIsThere(data))].slice(0, FAULTS_MAX) };
  }
  const definition = data as unknown as JourneyDefinition;
  const faults = checkDefinition(definition);
  return faults.length ? { ok: false, faults: faults.slice(0, FAULTS_MAX) } : { ok: true, definition };
}

/** Without what only says again that a place is not as its schema asks. */
function othersThan(told: readonly Fault[], faults: readonly Fault[]): Fault[] {
  return faults.filter(({ path }) => !told.some((one) => one.path !== '' && isWithin(path, one.path)));
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}
