/** What a story is made of: touchpoints as an SDK would send them, and what people do meanwhile. Reads and checks, runs nothing. */
import { formatInstant, parseInstant } from '@cairn/clock/calendar.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';

/** What a person or a platform does with the open alert, or with the open action. */
export const DEEDS = [
  'acknowledge',
  'snooze',
  'resolve',
  'accept',
  'snooze-action',
  'dismiss',
  'result',
  'define',
  'wait',
] as const;

export type StoryItem =
  | { at: number; do: null; touchpoint: Record<string, unknown> }
  | {
      at: number;
      do: (typeof DEEDS)[number];
      by: string;
      /** Of an alert; null: the only one that is open. */
      kind: string | null;
      /** The journey's name; null: the only one concerned. */
      journey: string | null;
      until: number | null;
      verdict: string | null;
      outcome: string | null;
      note: string | null;
      /** A new version of the definition: a file beside the story. */
      definition: string | null;
    };

/** One line of inputs.jsonl, or one `given` of a test. Throws with a sentence. */
export function readItem(line: Readonly<Record<string, unknown>>, number: number): StoryItem {
  const at = timeOf(line['at'] ?? line['timestamp']);
  if (at === null) throw new Error(`${number}: at must be a time such as 2026-03-04T10:00:00Z`);
  const deed = line['do'];
  if (deed === undefined) {
    const { at: _at, ...touchpoint } = line;
    return { at, do: null, touchpoint: touchpointOf(touchpoint, at, number) };
  }
  const known = DEEDS.find((one) => one === deed);
  if (!known) throw new Error(`${number}: do must be one of ${DEEDS.join(', ')}`);
  const textOf = (name: string): string | null => (typeof line[name] === 'string' ? line[name] : null);
  return {
    at,
    do: known,
    by: textOf('by') ?? 'Ada',
    kind: textOf('kind'),
    journey: textOf('journey'),
    until: untilOf(line['until'], at),
    verdict: textOf('verdict'),
    outcome: textOf('outcome'),
    note: textOf('note'),
    definition: textOf('definition'),
  };
}

/** `who`, `account`, `name` and `path` are short for what an SDK sends; everything else is as in API.md section 2. */
function touchpointOf(line: Record<string, unknown>, at: number, number: number): Record<string, unknown> {
  const { who, account, title, traits, ...rest } = line;
  const given = (line['context'] ?? {}) as Record<string, unknown>;
  const ofPerson = {
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof who === 'string' ? { name: who } : {}),
    ...(typeof traits === 'object' ? traits : {}),
  };
  const type = line['type'] ?? 'track';
  const context = {
    ...given,
    ...(typeof account === 'string' ? { groupId: account.toLowerCase() } : {}),
    ...(type === 'group' || Object.keys(ofPerson).length === 0
      ? {}
      : { traits: { ...ofPerson, ...(given['traits'] as object | undefined) } }),
  };
  return {
    type,
    messageId: `m${number}`,
    ...(typeof who === 'string' ? { userId: who.toLowerCase().replaceAll(' ', '.') } : {}),
    ...(type === 'group' && typeof account === 'string'
      ? { groupId: account.toLowerCase(), traits: { name: account, ...(traits as object | undefined) } }
      : {}),
    ...(type === 'identify' ? { traits: ofPerson } : {}),
    ...rest,
    ...(Object.keys(context).length > 0 ? { context } : {}),
    // Imported history happened before it came.
    timestamp: typeof line['timestamp'] === 'string' ? line['timestamp'] : formatInstant(at),
  };
}

function timeOf(value: unknown): number | null {
  return typeof value === 'string' ? parseInstant(value) : null;
}

function untilOf(value: unknown, at: number): number | null {
  if (typeof value !== 'string') return null;
  const duration = parseDuration(value);
  return duration && 'ms' in duration ? at + duration.ms : parseInstant(value);
}
