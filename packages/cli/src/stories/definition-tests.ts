/**
 * Tests beside a definition (`*.test.yaml`): given touchpoints → expected transitions, alerts, actions. Runs the core on a virtual clock, so a
 * test of ninety days takes milliseconds and gives the same answer every time.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { parseIsoTime } from '@cairn/clock/calendar.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { suggest } from '@cairn/orchestrator/core/definition/faults.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { createCoreWorld } from './core-world.ts';
import { runStory, type StoryTold } from './run-story.ts';
import { readItem } from './story-items.ts';
import { WHATS } from './story-lines.ts';

export interface CaseResult {
  file: string;
  name: string;
  /** Sentences; empty: it holds. */
  faults: string[];
}

interface TestFile {
  definition?: unknown;
  cases?: unknown;
}
interface TestCase {
  name?: unknown;
  given?: unknown;
  until?: unknown;
  then?: unknown;
  never?: unknown;
  journey?: unknown;
}
const FILE_KEYS: readonly (keyof TestFile)[] = ['definition', 'cases'];
const CASE_KEYS: readonly (keyof TestCase)[] = ['name', 'given', 'until', 'then', 'never', 'journey'];
type Pattern = Readonly<Record<string, unknown>>;

/** Each case of a file. A file that cannot be read is one case that fails. */
export async function runDefinitionTests(file: string): Promise<CaseResult[]> {
  let test: TestFile;
  let definition: JourneyDefinition;
  try {
    test = (parse(readFileSync(file, 'utf8')) ?? {}) as TestFile;
    checkKeys(test, FILE_KEYS);
    if (typeof test.definition !== 'string') throw new Error("definition must name the definition's file");
    if (!Array.isArray(test.cases) || test.cases.length === 0) throw new Error('cases must be a list');
    definition = readDefinition(join(dirname(file), test.definition));
  } catch (error) {
    return [{ file, name: 'the file', faults: [(error as Error).message] }];
  }
  const results: CaseResult[] = [];
  for (const one of test.cases as TestCase[]) {
    const name = typeof one?.name === 'string' ? one.name : `case ${results.length + 1}`;
    results.push({ file, name, faults: await runCase(definition, dirname(file), one ?? {}) });
  }
  return results;
}

async function runCase(definition: JourneyDefinition, folder: string, one: TestCase): Promise<string[]> {
  try {
    checkKeys(one, CASE_KEYS);
    for (const { what } of [...listOf(one.then ?? [], 'then'), ...listOf(one.never ?? [], 'never')])
      if (typeof what === 'string' && !WHATS.includes(what))
        throw new Error(`'${what}' never comes${suggest(what, WHATS) || `; what comes: ${WHATS.join(', ')}`}`);
    const items = listOf(one.given, 'given').map((line, i) => readItem(line, i + 1));
    const until = typeof one.until === 'string' ? parseIsoTime(one.until) : null;
    if (one.until !== undefined && until === null) throw new Error('until must be a time such as 2026-03-04T10:00:00Z');
    const files = items.flatMap((item) => (item.do === 'define' && item.definition !== null ? [item.definition] : []));
    const versions = Object.fromEntries(files.map((file) => [file, readDefinition(join(folder, file))]));
    const told = await runStory({ definition, items, versions, until }, createCoreWorld);
    return [
      ...faultsOfThen(told, listOf(one.then ?? [], 'then')),
      ...faultsOfNever(told, listOf(one.never ?? [], 'never')),
      ...faultsOfJourney(told, one.journey),
    ];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** A slip in a key would leave its expectation out, and the test would hold whatever happens. */
function checkKeys(given: object, known: readonly string[]): void {
  for (const key of Object.keys(given))
    if (!known.includes(key))
      throw new Error(`'${key}' is not a known key${suggest(key, known) || `; known here: ${known.join(', ')}`}`);
}

/** Each must come, in this order; others may come in between. */
function faultsOfThen({ lines }: StoryTold, patterns: readonly Pattern[]): string[] {
  let place = 0;
  for (const pattern of patterns) {
    const found = lines.findIndex((line, i) => i >= place && matches(line, pattern));
    if (found < 0) {
      const after = lines.slice(place).map((line) => `\n      ${JSON.stringify(line)}`);
      return [`never came: ${JSON.stringify(pattern)}; from there on there was${after.join('') || ' nothing'}`];
    }
    place = found + 1;
  }
  return [];
}

function faultsOfNever({ lines }: StoryTold, patterns: readonly Pattern[]): string[] {
  return patterns.flatMap((pattern) => {
    const found = lines.find((line) => matches(line, pattern));
    return found ? [`must never come: ${JSON.stringify(pattern)}; but there was ${JSON.stringify(found)}`] : [];
  });
}

/** In the end; `name` says which, where there are several. */
function faultsOfJourney({ journeys }: StoryTold, expected: unknown): string[] {
  if (expected === undefined) return [];
  const pattern = expected as Pattern;
  const all = [...journeys.values()].filter(({ status }) => status !== 'absorbed');
  const found = all.filter(({ name }) => pattern['name'] === undefined || name === pattern['name']);
  if (found.some((journey) => matches(journey, pattern))) return [];
  const is = found.map(({ name, stage, status, score }) =>
    JSON.stringify({ name, stage, status, score: { total: score.total } }),
  );
  return [`no journey is ${JSON.stringify(pattern)}; there is ${is.join(', ') || 'none'}`];
}

/** Everything that the pattern names is there and the same; times as instants. */
function matches(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) return Array.isArray(value) && pattern.every((part, i) => matches(value[i], part));
  if (typeof pattern === 'object' && pattern !== null)
    return (
      typeof value === 'object' &&
      value !== null &&
      Object.entries(pattern).every(([name, part]) => matches((value as Pattern)[name], part))
    );
  if (typeof value === 'string' && typeof pattern === 'string' && value !== pattern) {
    // ISO alone: `Date.parse` takes both 'stage 1' and 'phase 1' for January 2001.
    const instant = parseIsoTime(pattern);
    return instant !== null && parseIsoTime(value) === instant;
  }
  return value === pattern;
}

function listOf(value: unknown, name: string): Pattern[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'object' && one !== null))
    throw new Error(`${name} must be a list`);
  return value as Pattern[];
}

function readDefinition(path: string): JourneyDefinition {
  const loaded = loadDefinition(readFileSync(path, 'utf8'));
  if (loaded.ok) return loaded.definition;
  throw new Error(`${path}: ${loaded.faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ')}`);
}
