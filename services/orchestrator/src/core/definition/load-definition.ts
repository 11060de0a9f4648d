/**
 * Text (YAML or JSON) or parsed data → a checked journey definition, or every fault with its path in the file. Never throws on
 * what an author wrote, however odd. What it lets through, `compileDefinition` compiles.
 */
import { parseDocument } from 'yaml';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { SCHEMAS } from '@cairn/contracts/generated/schemas.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { checkDefinition } from './check-definition.ts';
import { faultsOfSchema, type Fault } from './faults.ts';

export type LoadedDefinition = { ok: true; definition: JourneyDefinition } | { ok: false; faults: Fault[] };

/** A definition goes to every partition and into every one's state; 200 kB is a hundred pages. */
export const DEFINITION_CHARS_MAX = 200_000;
/** More tell nobody more. */
const FAULTS_MAX = 100;
/** YAML aliases may expand without end ("billion laughs"). */
const YAML_ALIASES_MAX = 100;

export function loadDefinition(source: unknown): LoadedDefinition {
  try {
    const parsed = typeof source === 'string' ? parse(source) : { data: source };
    if ('faults' in parsed) return { ok: false, faults: parsed.faults };
    if (JSON.stringify(parsed.data)?.length > DEFINITION_CHARS_MAX) return refuse(TOO_LARGE);
    return check(parsed.data);
  } catch (error) {
    if (error instanceof RangeError) return refuse('is nested too deep');
    throw error;
  }
}

const TOO_LARGE = `has more than ${DEFINITION_CHARS_MAX.toLocaleString('en')} characters`;

function refuse(message: string): LoadedDefinition {
  return { ok: false, faults: [{ path: '', message }] };
}

function parse(text: string): { data: unknown } | { faults: Fault[] } {
  if (text.length > DEFINITION_CHARS_MAX) return { faults: [{ path: '', message: TOO_LARGE }] };
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
  if (!validate(data))
    return {
      ok: false,
      faults: faultsOfSchema(validate.errors ?? [], SCHEMAS['journey-definition']).slice(0, FAULTS_MAX),
    };
  const definition = data as unknown as JourneyDefinition;
  const faults = checkDefinition(definition);
  return faults.length ? { ok: false, faults: faults.slice(0, FAULTS_MAX) } : { ok: true, definition };
}
