/** The event logs that `cairn evaluate --data DIR` knows: where each lies, how it is read, and when judging begins. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@cairn/clock/clock.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { loadEvents } from '../replay/load-events.ts';
import type { SortedRows } from '../replay/sort-rows.ts';

export interface KnownLog {
  name: string;
  /** In the data directory. */
  events: string;
  /** In `examples/`. */
  mapping: string;
  definition: string;
  /** What is before is learned from, what is after is judged. */
  splitAt: string;
  source: string;
}

export const KNOWN_LOGS: readonly KnownLog[] = [
  {
    name: 'loan-funnel',
    events: 'loan-funnel/events.csv.gz',
    mapping: 'loan-funnel/every-touch.jsonata',
    definition: 'loan-funnel/learned.yaml',
    splitAt: '2011-11-25T00:00:00.000Z',
    source: 'B.F. van Dongen, BPI Challenge 2012, doi 10.4121/uuid:3926db30-f712-4394-aebc-75976070e91f',
  },
  {
    name: 'helpdesk',
    events: 'helpdesk/events.csv.gz',
    mapping: 'helpdesk/mapping.jsonata',
    definition: 'helpdesk/learned.yaml',
    splitAt: '2012-07-01T00:00:00.000Z',
    source: 'M. Polato, "Dataset belonging to the help desk log of an Italian Company"',
  },
];

const EXAMPLES = join(import.meta.dirname, '../../../../examples');

export function logsIn(folder: string): KnownLog[] {
  return KNOWN_LOGS.filter(({ events }) => existsSync(join(folder, events)));
}

export async function openLog(
  log: KnownLog,
  folder: string,
  clock: Clock,
): Promise<{ definition: JourneyDefinition; rows: SortedRows }> {
  const loaded = loadDefinition(readFileSync(join(EXAMPLES, log.definition), 'utf8'));
  if (!loaded.ok) throw new Error(`${log.definition}: ${loaded.faults.map(({ message }) => message).join('; ')}`);
  const mapping = readFileSync(join(EXAMPLES, log.mapping), 'utf8');
  const { rows } = await loadEvents({ path: join(folder, log.events), format: 'csv', mapping }, null, clock);
  return { definition: loaded.definition, rows };
}
