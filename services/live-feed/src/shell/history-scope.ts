/** Which journeys a question is about: `definition`, `from`, `to`, `segment` of a query. Bad ones are 400 problems, an unknown definition a 404. */
import type { Request } from 'express';
import { formatInstantOrNull, parseInstant } from '@cairn/clock/calendar.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { SEGMENT_NAMES, type Scope, type Segment } from '@cairn/history/queries/journeys-scope.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { notFound } from '@cairn/service-kit/problem.ts';
import { badRequest, textOf } from './paging.ts';

export interface AskedScope {
  scope: Scope;
  /** What the answer says it is about. */
  about: {
    definition: string;
    definitionVersion: number;
    from: string | null;
    to: string | null;
    segment: string | null;
  };
  stages: readonly PlannedStage[];
}

export interface PlannedStage {
  name: string;
  title: string | null;
  target: { timeMs: number | null; conversion: number | null; sentiment: number | null } | null;
}

const VALUES_MAX = 50;
const TEXT_MAX = 200;
/** Five working days are a week: good enough beside a median. */
const CALENDAR_DAYS_A_BUSINESS_DAY = 7 / 5;
const DAY_MS = 86_400_000;

export function readScope(
  request: Request,
  workspace: string,
  control: Pick<ControlMirror, 'definitions'>,
  known: readonly string[] = [],
): AskedScope {
  const allowed = ['definition', 'from', 'to', 'segment', ...known];
  const stranger = Object.keys(request.query).find((name) => !allowed.includes(name));
  if (stranger !== undefined)
    throw badRequest(`'${stranger.slice(0, TEXT_MAX)}' is no parameter here: there are ${allowed.join(', ')}`);
  const { name, version, definition } = definitionOf(request, workspace, control);
  const from = timeOf(request, 'from');
  const to = timeOf(request, 'to');
  if (from !== null && to !== null && from >= to) throw badRequest('from must be before to');
  const segmentText = textOf(request, 'segment');
  const planned = (definition as unknown as JourneyDefinition).stages;
  return {
    scope: {
      workspace,
      definition: name,
      stages: planned.map((stage) => stage.name),
      from,
      to,
      segment: segmentOf(segmentText),
    },
    about: {
      definition: name,
      definitionVersion: version,
      from: formatInstantOrNull(from),
      to: formatInstantOrNull(to),
      segment: segmentText,
    },
    stages: planned.map((stage) => ({
      name: stage.name,
      title: stage.title ?? null,
      target: stage.target
        ? {
            timeMs: timeMsOf(stage.target.time),
            conversion: stage.target.conversion ?? null,
            sentiment: stage.target.sentiment ?? null,
          }
        : null,
    })),
  };
}

function definitionOf(
  request: Request,
  workspace: string,
  control: Pick<ControlMirror, 'definitions'>,
): ReturnType<ControlMirror['definitions']>[number] {
  const all = control.definitions(workspace);
  const name = textOf(request, 'definition');
  if (name === null && all.length > 1)
    throw badRequest(
      `definition is needed: there are ${all
        .map((one) => one.name)
        .sort()
        .join(', ')}`,
    );
  const found = name === null ? all[0] : all.find((one) => one.name === name);
  if (!found) throw notFound('definition');
  return found;
}

function timeOf(request: Request, name: string): number | null {
  const text = textOf(request, name);
  if (text === null) return null;
  const at = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text);
  if (at === null)
    throw badRequest(`${name} must be a time such as 2026-01-31T08:00:00.000Z, or a day such as 2026-01-31`);
  return at;
}

/** `status:won`, `role:champion,user`, `trait.industry:Banking`. */
function segmentOf(text: string | null): Segment | null {
  if (text === null) return null;
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0));
  const values = text
    .slice(colon + 1)
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
  const isKnown = (SEGMENT_NAMES as readonly string[]).includes(name) || /^trait\..{1,100}$/.test(name);
  if (!isKnown || values.length === 0 || values.length > VALUES_MAX || values.some((value) => value.length > TEXT_MAX))
    throw badRequest(
      `segment must be one of ${SEGMENT_NAMES.join(', ')} or trait.NAME, a colon, and up to ${VALUES_MAX} values: status:won`,
    );
  return { name: name as Segment['name'], values };
}

function timeMsOf(text: string | undefined): number | null {
  const duration = text === undefined ? null : parseDuration(text);
  if (!duration) return null;
  return 'ms' in duration ? duration.ms : duration.businessDays * CALENDAR_DAYS_A_BUSINESS_DAY * DAY_MS;
}

/** A value of a closed list, or its default. */
export function choiceOf<T extends string>(request: Request, name: string, choices: readonly T[], otherwise: T): T {
  const text = textOf(request, name);
  if (text === null) return otherwise;
  if (!(choices as readonly string[]).includes(text)) throw badRequest(`${name} must be one of ${choices.join(', ')}`);
  return text as T;
}

/** A whole number from 1 to `most`, or its default. */
export function countOf(request: Request, name: string, otherwise: number, most: number): number {
  const text = textOf(request, name);
  const value = text === null ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw badRequest(`${name} must be a whole number from 1 to ${most}`);
  return value;
}
