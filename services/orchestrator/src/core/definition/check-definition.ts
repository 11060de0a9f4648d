/** What a schema cannot say of a definition: durations, zones, holidays, names that are unique, names that refer to something. */
import { isZone } from '@cairn/clock/calendar.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';
import type { BusinessHours, Condition, JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { compileCondition } from '../condition.ts';
import { faultOfPlace } from '../holidays.ts';
import { ALERT_KINDS } from '../state.ts';
import { joinPath, nearestOf, suggest, type Fault } from './faults.ts';

const DIRECTIONS = ['inbound', 'outbound', 'none'];
const TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias'];
const DURATION_WORDS = 'business ms second seconds minute minutes hour hours day days week weeks'.split(' ');

type Step = NonNullable<JourneyDefinition['plays']>[number]['steps'][number];

/** Every fault of a definition that its schema accepts. */
export function checkDefinition(definition: JourneyDefinition): Fault[] {
  return faultsIn(definition, (part) => part());
}

/** What else is wrong in one that its schema does not accept: parts that are not as they should be are passed over. */
export function checkWhatIsThere(data: object): Fault[] {
  return faultsIn(data as JourneyDefinition, (part) => {
    try {
      part();
    } catch (error) {
      // Not of the shape that its schema asks for, which has told so.
      if (!(error instanceof TypeError)) throw error;
    }
  });
}

/** `look` runs the check of one part. */
function faultsIn(definition: JourneyDefinition, look: (part: () => void) => void): Fault[] {
  const faults: Fault[] = [];
  const stageNames: string[] = [];
  const actionNames: string[] = [];
  const roleNames = Object.keys(definition.roles ?? {});
  look(() => stageNames.push(...definition.stages.map((stage) => stage.name)));
  look(() => actionNames.push(...(definition.actions ?? []).map((action) => action.name)));
  const fault = (path: string, message: string): void => void faults.push({ path, message });

  function duration(path: string, text: string | undefined, kind: 'any' | 'plain' = 'any'): void {
    if (typeof text !== 'string') return;
    const parsed = parseDuration(text);
    if (!parsed) return fault(path, `'${text}' is not a duration${suggestDuration(text)}`);
    if (kind === 'plain' && !('ms' in parsed))
      return fault(path, `'${text}' must be a plain duration, not business days`);
    if (('ms' in parsed ? parsed.ms : parsed.businessDays) === 0) fault(path, 'must be longer than nothing');
  }

  function unique(path: string, names: readonly string[]): void {
    names.forEach((name, i) => {
      if (names.indexOf(name) < i) fault(`${path}[${i}].name`, `'${name}' is there twice`);
    });
  }

  function refer(path: string, name: unknown, known: readonly string[], what: string): void {
    // Without a list of stages nothing can be said of their names; its schema asks for one.
    if (known === stageNames && known.length === 0) return;
    if (typeof name !== 'string' || known.includes(name)) return;
    const names = known.filter((one) => typeof one === 'string');
    fault(path, `'${name}' is not ${what}${suggest(name, names) || `: ${names.join(', ') || 'there are none'}`}`);
  }

  /** Words that a comparison names must be among the known ones, or it could never hold. */
  function words(path: string, comparison: unknown, known: readonly string[], what: string): void {
    if (Array.isArray(comparison)) return comparison.forEach((word, i) => refer(`${path}[${i}]`, word, known, what));
    if (typeof comparison !== 'object' || comparison === null) return refer(path, comparison, known, what);
    const { eq, ne, in: list } = comparison as { eq?: unknown; ne?: unknown; in?: unknown };
    refer(`${path}.eq`, eq, known, what);
    refer(`${path}.ne`, ne, known, what);
    if (Array.isArray(list)) list.forEach((word, i) => refer(`${path}.in[${i}]`, word, known, what));
  }

  function condition(path: string, given: Condition | undefined): void {
    if (!given) return;
    compileCondition(given, path, (at, message, instead) =>
      fault(at, `${message}${instead ? suggest(instead.wrong, instead.known) : ''}`),
    );
    references(path, given);
  }

  function references(path: string, given: Condition): void {
    words(`${path}.stage`, given.stage, stageNames, 'a stage');
    words(`${path}.alert`, given.alert, ALERT_KINDS, 'a kind of alert');
    words(`${path}.direction`, given.direction, DIRECTIONS, 'a direction');
    words(`${path}.type`, given.type, TYPES, 'a type of touchpoint');
    given.all?.forEach((part, i) => references(`${path}.all[${i}]`, part));
    given.any?.forEach((part, i) => references(`${path}.any[${i}]`, part));
    if (given.not) references(`${path}.not`, given.not);
    if (!given.count) return;
    duration(`${path}.count.within`, given.count.within);
    references(`${path}.count.of`, given.count.of);
  }

  function cap(path: string, given: { count: number; per: string } | undefined): void {
    duration(`${path}.per`, given?.per);
  }

  function each<Part>(parts: readonly Part[] | undefined, check: (part: Part, i: number) => void): void {
    if (Array.isArray(parts)) parts.forEach((part: Part, i) => look(() => check(part, i)));
  }

  function steps(path: string, list: readonly Step[]): void {
    each(list, (step, i) => {
      const at = `${path}[${i}]`;
      refer(`${at}.action`, step.action, actionNames, 'an action');
      if (step.wait) {
        duration(`${at}.wait.for`, step.wait.for);
        condition(`${at}.wait.until`, step.wait.until);
        if (Object.keys(step.wait).length === 0) fault(`${at}.wait`, "needs 'for', 'until', 'at' or 'businessHours'");
      }
      if (!step.branch) return;
      condition(`${at}.branch.if`, step.branch.if);
      if ((step.branch.if === undefined) === (step.branch.share === undefined))
        fault(`${at}.branch`, "needs either 'if' or 'share'");
      steps(`${at}.branch.then`, step.branch.then);
      steps(`${at}.branch.else`, step.branch.else ?? []);
    });
  }

  const { timezone, businessHours: hours, score, guardRails: rails } = definition;
  /** `rest`: what holds where a key is left out. */
  function calendar(
    path: string,
    zone: string | undefined,
    own: BusinessHours | undefined,
    rest?: BusinessHours,
  ): void {
    look(() => {
      if (zone !== undefined && !isZone(zone))
        fault(`${path}timezone`, `'${zone}' is not an IANA time zone such as Europe/Warsaw`);
    });
    look(() => {
      if (!own) return;
      const { from = '00:00', to = '24:00' } = { ...rest, ...own };
      if (from >= to) fault(`${path}businessHours.to`, "must be later than 'from'");
      const places = own.holidays ?? [];
      for (const place of typeof places === 'string' ? [places] : places) {
        const wrong = faultOfPlace(place);
        if (wrong) fault(`${path}businessHours.holidays`, wrong);
      }
    });
  }

  calendar('', timezone, hours);
  look(() => condition('outbound', definition.outbound));
  unique('stages', stageNames);
  each(definition.stages, (stage, i) => {
    const at = `stages[${i}]`;
    duration(`${at}.stall.after`, stage.stall?.after);
    duration(`${at}.stall.learned.horizon`, stage.stall?.learned?.horizon);
    duration(`${at}.stall.learned.atLeast`, stage.stall?.learned?.atLeast);
    duration(`${at}.target.time`, stage.target?.time);
    stage.from?.forEach((name, j) => refer(`${at}.from[${j}]`, name, stageNames, 'a stage'));
    condition(`${at}.enter`, stage.enter);
  });
  look(() => condition('outcomes.won.enter', definition.outcomes?.won?.enter));
  look(() => condition('outcomes.lost.enter', definition.outcomes?.lost?.enter));
  look(() => duration('score.engagement.halfLife', score?.engagement?.halfLife, 'plain'));
  for (const part of ['engagement', 'fit'] as const) {
    const points = score?.[part]?.points ?? [];
    look(() =>
      unique(
        `score.${part}.points`,
        points.map((rule) => rule.name),
      ),
    );
    each(points, (rule, i) => condition(`score.${part}.points[${i}].when`, rule.when));
  }
  look(() => {
    const { mql, sql } = score?.thresholds ?? {};
    if (mql !== undefined && sql !== undefined && mql > sql) fault('score.thresholds.sql', 'must not be below mql');
  });
  for (const [name, given] of Object.entries(definition.roles ?? {}))
    look(() => condition(joinPath('roles', name), given));
  for (const [stage, roles] of Object.entries(definition.requiredRoles ?? {})) {
    const at = joinPath('requiredRoles', stage);
    refer(at, stage, stageNames, 'a stage');
    each(roles, (role, i) => refer(`${at}[${i}]`, role, roleNames, 'a role'));
  }
  unique('actions', actionNames);
  each(definition.actions, (action, i) => {
    duration(`actions[${i}].expires`, action.expires);
    cap(`actions[${i}].atMost`, action.atMost);
    refer(`actions[${i}].to`, action.to, roleNames, 'a role');
    condition(`actions[${i}].when`, action.when);
  });
  look(() =>
    unique(
      'plays',
      (definition.plays ?? []).map((play) => play.name),
    ),
  );
  each(definition.plays, (play, i) => {
    duration(`plays[${i}].entry.every`, play.entry?.every);
    for (const part of ['trigger', 'exit', 'goal'] as const) look(() => condition(`plays[${i}].${part}`, play[part]));
    look(() => condition(`plays[${i}].entry.if`, play.entry?.if));
    steps(`plays[${i}].steps`, play.steps);
  });
  cap('guardRails.maxActionsPerJourney', rails?.maxActionsPerJourney);
  cap('guardRails.maxActionsPerPerson', rails?.maxActionsPerPerson);
  duration('guardRails.minGap', rails?.minGap);
  look(() => condition('guardRails.doNotContact', rails?.doNotContact));
  if (rails?.quietHours && rails.quietHours.from === rails.quietHours.to)
    fault('guardRails.quietHours.to', "must not be the same as 'from'");
  look(() => condition('autoReplies', definition.autoReplies));
  for (const part of ['booked', 'cancelled'] as const)
    look(() => condition(`meetings.${part}`, definition.meetings?.[part]));
  duration('meetings.grace', definition.meetings?.grace);
  duration('alerts.escalateAfter', definition.alerts?.escalateAfter);
  const known = new Map<string, number>();
  each(definition.alerts?.owners, (owner, i) => {
    const at = `alerts.owners[${i}]`;
    const { email, name, timezone: zone, businessHours: own } = typeof owner === 'string' ? { email: owner } : owner;
    calendar(`${at}.`, zone, own, hours);
    for (const one of new Set([email, name ?? email].map((text) => text.toLowerCase()))) {
      const before = known.get(one);
      // One name twice among plain ones gives somebody two turns; two calendars of one name contradict each other.
      if (before !== undefined && (typeof owner !== 'string' || typeof definition.alerts!.owners![before] !== 'string'))
        fault(at, `'${one}' is owner ${before + 1} too`);
      known.set(one, before ?? i);
    }
  });
  look(() => {
    const leavesItOpen = definition.stages.some(
      ({ stall }) => stall?.learned && stall.learned.probability === undefined,
    );
    if (definition.alerts?.budget && !leavesItOpen)
      fault('alerts.budget', "no stage has a 'learned' stall without a 'probability': there is nothing to choose");
  });
  return faults;
}

/** Points at the one word that is wrong: `; did you mean 'business'?` */
function suggestDuration(text: string): string {
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    if (DURATION_WORDS.includes(word) || /^(s|sec|m|min|h|d|w)$/.test(word)) continue;
    const nearest = nearestOf(word, DURATION_WORDS);
    if (nearest) return `; did you mean '${nearest}'?`;
  }
  return " such as '5s', '3 days' or '5 business days'";
}
