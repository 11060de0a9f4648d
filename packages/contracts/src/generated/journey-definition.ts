/* Generated from schemas/journey-definition by `npm run generate`. Do not edit. */

/**
 * Start of work. Default: 00:00.
 */
export type TimeOfDay = string;
/**
 * End of work, up to 24:00. Default: 24:00.
 */
export type TimeOfDay1 = string;
/**
 * The touchpoint's event. A page view's is 'Page Viewed', a screen's 'Screen Viewed'.
 */
export type Comparison =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * The touchpoint's type: track, page, screen, identify, group, alias.
 */
export type Comparison1 =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * The touchpoint's channel.
 */
export type Comparison2 =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * inbound, outbound or none.
 */
export type Comparison3 =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * The stage that the journey is in.
 */
export type Comparison4 =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * A kind of alert that is open on the journey: stall, role-silent, single-threaded, role-missing.
 */
export type Comparison5 =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * A plain value means eq, a list means in; else operators, every one of which must hold.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Comparison".
 */
export type Comparison6 =
  | string
  | number
  | boolean
  | null
  | (string | number | boolean | null)[]
  | {
      /**
       * Equal, of the same type. null: missing or null.
       */
      eq?: string | number | boolean | null;
      /**
       * Not equal; a missing value is not equal to anything but null.
       */
      ne?: string | number | boolean | null;
      /**
       * Greater. Numbers by size (a numeric text counts as a number), other texts by order.
       */
      gt?: number | string;
      /**
       * Greater or equal.
       */
      gte?: number | string;
      /**
       * Less.
       */
      lt?: number | string;
      /**
       * Less or equal.
       */
      lte?: number | string;
      /**
       * [least, most], both included.
       *
       * @minItems 2
       * @maxItems 2
       */
      between?: [number | string, number | string];
      /**
       * Equal to one of these.
       */
      in?: (string | number | boolean | null)[];
      /**
       * The text starts with this, or with one of these.
       */
      startsWith?: string | string[];
      /**
       * The text ends with this, or with one of these.
       */
      endsWith?: string | string[];
      /**
       * The text has this within it, or the list has it as an item.
       */
      contains?: string | number | boolean;
      /**
       * RE2 regular expression, found anywhere in the text; '(?i)' in front ignores case.
       */
      matches?: string;
      /**
       * true: there is a value that is not null; false: there is none.
       */
      exists?: boolean;
    };
/**
 * Not older than this.
 */
export type DurationText = string;
/**
 * A fixed limit, counted from the last inbound touchpoint or from entry into the stage.
 */
export type DurationText1 = string;
/**
 * The silence whose probability is foretold.
 */
export type DurationText2 = string;
/**
 * Never before a silence of this length.
 */
export type DurationText3 = string;
/**
 * How long a journey should stay in the stage.
 */
export type DurationText4 = string;
/**
 * Time in which every rule's sum halves. Without it nothing fades.
 */
export type DurationText5 = string;
/**
 * Not carried out later than this after it was requested.
 */
export type DurationText6 = string;
/**
 * in this time.
 */
export type DurationText7 = string;
/**
 * How long.
 */
export type DurationText8 = string;
/**
 * Until this time of day in the buyer's zone; with for, after that.
 */
export type TimeOfDay2 = string;
/**
 * Not again before so long after it began last.
 */
export type DurationText9 = string;
/**
 * From.
 */
export type TimeOfDay3 = string;
/**
 * To.
 */
export type TimeOfDay4 = string;
/**
 * No action of a journey sooner than this after the one before.
 */
export type DurationText10 = string;
/**
 * An alert that nobody acknowledged within this time is escalated.
 */
export type DurationText11 = string;
/**
 * An owner by name alone, or with working hours of their own: their alerts open, and escalate, within them.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "AlertOwner".
 */
export type AlertOwner =
  | string
  | {
      /**
       * What alerts and journeys call the owner. An account whose trait 'owner' is this, or the name, is theirs.
       */
      email: string;
      /**
       * The other name by which an account's trait 'owner' may call them.
       */
      name?: string;
      /**
       * Where they work: an IANA time zone. Default: the definition's.
       */
      timezone?: string;
      businessHours?: BusinessHours1;
      /**
       * false: gets no journeys in turn; only says when this owner of accounts works. Default: true.
       */
      inTurn?: boolean;
    };
/**
 * How long after it the clock stays suspended. Default: 1 business day.
 */
export type DurationText12 = string;
/**
 * '250ms', '5s', '5 seconds', '3 days', '5 business days'.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Duration".
 */
export type DurationText13 = string;
/**
 * '09:00' to '24:00', quoted.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "TimeOfDay".
 */
export type TimeOfDay5 = string;

/**
 * How a kind of journey runs: its stages, what a stall is, scores, roles, plays and limits. Written as YAML or JSON.
 */
export interface JourneyDefinition {
  /**
   * Says what this file is, and the version of its shape.
   */
  cairn: 'journey-definition/1';
  /**
   * Small letters, digits, '.', '_' and '-'. A definition of another name is live beside this one; the same name is its next version.
   */
  name: string;
  /**
   * Whose journey it is. Under 'account', a person without an account has a journey of their own until they join one.
   */
  unit: 'account' | 'person';
  /**
   * For people: shown on the dashboard instead of the name.
   */
  title?: string;
  /**
   * What the definition is for.
   */
  description?: string;
  /**
   * IANA zone in which days and hours are counted, 'Europe/Warsaw'. Default: UTC.
   */
  timezone?: string;
  businessHours?: BusinessHours;
  outbound?: Condition;
  /**
   * In order. A journey starts in the first; it may skip stages and go back.
   *
   * @minItems 1
   * @maxItems 50
   */
  stages: [StageDefinition, ...StageDefinition[]];
  outcomes?: Outcomes;
  score?: ScoreDefinition;
  /**
   * Buying roles by name, and who has them: a condition over person and account. An empty one ({}) is never given by itself.
   */
  roles?: {
    [k: string]: Condition1;
  };
  /**
   * Stage name: the roles that should be engaged in that stage.
   */
  requiredRoles?: {
    [k: string]: string[];
  };
  /**
   * Next best actions to choose from.
   *
   * @maxItems 100
   */
  actions?: ActionDefinition[];
  /**
   * Sequences that a trigger starts.
   *
   * @maxItems 100
   */
  plays?: PlayDefinition[];
  guardRails?: GuardRails;
  /**
   * Share of accounts (persons) that get no actions, by a stable hash, so that each action's lift can be measured. 0, the default, switches it off.
   */
  holdout?: number;
  alerts?: AlertPolicy;
  autoReplies?: Condition15;
  meetings?: MeetingPolicy;
}
/**
 * Working days and hours.
 */
export interface BusinessHours {
  /**
   * Working days. Default: mon to fri.
   *
   * @minItems 1
   * @maxItems 7
   */
  days?:
    | ['mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun']
    | ['mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun', 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun']
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ];
  from?: TimeOfDay;
  to?: TimeOfDay1;
  /**
   * Public holidays of a country or region ('PL', 'DE-BY'), dates ('2026-12-24'), or a list of both.
   */
  holidays?: string | string[];
}
/**
 * Which touchpoints are ours (e-mails, calls, notes). Only the buyer's own reset the stall clock. properties.direction of a touchpoint comes first.
 */
export interface Condition {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Every key given must hold. An empty group matches nothing.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Condition".
 */
export interface Condition1 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition2 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * How many touchpoints of a kind there were lately: 3 pricing views in 7 days, no demo in 14 days.
 */
export interface Count {
  of: Condition3;
  within: DurationText;
  /**
   * Whose: the whole journey's (default), or those of the touchpoint's own person.
   */
  by?: 'journey' | 'person';
  /**
   * At least so many.
   */
  gte?: number;
  /**
   * At most so many; 0: none.
   */
  lte?: number;
  /**
   * Exactly so many.
   */
  eq?: number;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition3 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Stage".
 */
export interface StageDefinition {
  /**
   * Shown on the board; unique.
   */
  name: string;
  /**
   * For people, instead of the name.
   */
  title?: string;
  enter?: Condition4;
  /**
   * true: entered only from stages before it.
   */
  forwardOnly?: boolean;
  /**
   * Entered only from these stages.
   *
   * @minItems 1
   */
  from?: [string, ...string[]];
  stall?: StallPolicy;
  target?: StageTarget;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition4 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * When a silence in this stage is a stall. A stage without it raises none.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Stall".
 */
export interface StallPolicy {
  after?: DurationText1;
  learned?: LearnedStall;
}
/**
 * A limit learned from the pauses seen.
 */
export interface LearnedStall {
  horizon: DurationText2;
  /**
   * An alert opens at this probability. Default: what alerts.budget chooses; without a budget 0.7.
   */
  probability?: number;
  atLeast?: DurationText3;
}
/**
 * The future state that is aimed at. The journey map shows it beside what is; it changes no journey.
 */
export interface StageTarget {
  time?: DurationText4;
  /**
   * Share of the journeys in the stage that should go onward.
   */
  conversion?: number;
  /**
   * How buyers should feel in the stage, from -1 to 1.
   */
  sentiment?: number;
}
/**
 * How journeys end.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Outcomes".
 */
export interface Outcomes {
  won?: Outcome;
  lost?: Outcome1;
}
/**
 * Won by a touchpoint.
 */
export interface Outcome {
  enter: Condition5;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition5 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Lost by a touchpoint.
 */
export interface Outcome1 {
  enter: Condition5;
}
/**
 * What a journey is worth: engagement, fit and thresholds.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Score".
 */
export interface ScoreDefinition {
  engagement?: EngagementScore;
  fit?: FitScore;
  thresholds?: Thresholds;
  win?: WinModel;
}
/**
 * Points for what buyers do, fading with time.
 */
export interface EngagementScore {
  halfLife?: DurationText5;
  /**
   * The rules.
   *
   * @maxItems 100
   */
  points: PointRule[];
}
/**
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "PointRule".
 */
export interface PointRule {
  /**
   * Named in the score's reasons; unique.
   */
  name: string;
  when: Condition6;
  /**
   * Points a match adds; may be negative.
   */
  add: number;
  /**
   * The rule's sum is cut to this after each match.
   */
  atMost?: number;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition6 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Points for who they are, from person and account traits; they do not fade.
 */
export interface FitScore {
  /**
   * The rules.
   *
   * @maxItems 100
   */
  points: PointRule[];
}
/**
 * Total scores at which a journey is qualified.
 */
export interface Thresholds {
  /**
   * Marketing qualified from this total on.
   */
  mql?: number;
  /**
   * Sales qualified from this total on.
   */
  sql?: number;
}
/**
 * The model of winning.
 */
export interface WinModel {
  /**
   * Traits of person and account that the model of winning may use; no others.
   *
   * @maxItems 50
   */
  traits?: string[];
}
/**
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Action".
 */
export interface ActionDefinition {
  /**
   * Unique.
   */
  name: string;
  when?: Condition7;
  expires?: DurationText6;
  /**
   * The consent category that the person must have given, beside guardRails.requireConsent.
   */
  consent?: string;
  template?: ActionTemplate;
  /**
   * For people: shown where the template has no title.
   */
  title?: string;
  /**
   * How it reaches the buyer: 'phone', 'email'. For the receiver, and for caps per channel.
   */
  channel?: string;
  /**
   * A role: the action is meant for the person who has it, heard of last. Default: whoever went quiet, else whoever was heard of last.
   */
  to?: string;
  /**
   * What a try costs, in shares of a won deal; the policy subtracts it. Default: 0.
   */
  cost?: number;
  atMost?: FrequencyCap;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition7 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Texts with {{ paths }}: title, reason, and what else the receiver needs.
 */
export interface ActionTemplate {
  [k: string]: string;
}
/**
 * A cap of its own, beside maxActionsPerJourney.
 */
export interface FrequencyCap {
  /**
   * At most so many actions
   */
  count: number;
  per: DurationText7;
}
/**
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Play".
 */
export interface PlayDefinition {
  /**
   * Unique.
   */
  name: string;
  trigger: Condition8;
  exit?: Condition9;
  /**
   * One after the other.
   *
   * @minItems 1
   * @maxItems 50
   */
  steps: [PlayStep, ...PlayStep[]];
  entry?: PlayEntry;
  goal?: Condition13;
  /**
   * true: goes on although the alert that started it was resolved.
   */
  keepGoing?: boolean;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition8 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition9 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * One of: wait, action, branch, exit.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "PlayStep".
 */
export interface PlayStep {
  wait?: PlayWait;
  /**
   * The name of an action.
   */
  action?: string;
  branch?: PlayBranch;
  /**
   * Ends the play here.
   */
  exit?: true;
}
/**
 * Goes on later.
 */
export interface PlayWait {
  for?: DurationText8;
  until?: Condition10;
  /**
   * true: go on within business hours only.
   */
  businessHours?: boolean;
  at?: TimeOfDay2;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition10 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * One of two ways.
 */
export interface PlayBranch {
  if?: Condition11;
  /**
   * Instead of 'if': the share of journeys that goes the 'then' way, by a stable hash.
   */
  share?: number;
  /**
   * Where it holds.
   */
  then: PlayStep[];
  /**
   * Where it does not. Default: nothing.
   */
  else?: PlayStep[];
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition11 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Who may enter. A journey is in a play once at a time.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "PlayEntry".
 */
export interface PlayEntry {
  if?: Condition12;
  /**
   * So many times in the life of a journey.
   */
  atMost?: number;
  every?: DurationText9;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition12 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition13 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Limits on every action. Without guardRails there are none.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "GuardRails".
 */
export interface GuardRails {
  maxActionsPerJourney?: FrequencyCap1;
  quietHours?: QuietHours;
  /**
   * Consent categories that a person must have given (context.consent.categoryPreferences). A person of whom nothing is known has given none.
   */
  requireConsent?: string[];
  doNotContact?: Condition14;
  maxActionsPerPerson?: FrequencyCap2;
  minGap?: DurationText10;
}
/**
 * A cap for each journey.
 */
export interface FrequencyCap1 {
  /**
   * At most so many actions
   */
  count: number;
  per: DurationText7;
}
/**
 * No outreach between these times in the buyer's zone; may go over midnight.
 */
export interface QuietHours {
  from: TimeOfDay3;
  to: TimeOfDay4;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition14 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * A cap for each person.
 */
export interface FrequencyCap2 {
  /**
   * At most so many actions
   */
  count: number;
  per: DurationText7;
}
/**
 * How alerts are opened, and whose they are.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Alerts".
 */
export interface AlertPolicy {
  /**
   * true: alerts open at any hour, also outside business hours.
   */
  anyHour?: boolean;
  escalateAfter?: DurationText11;
  budget?: AlertBudget;
  /**
   * Who looks after journeys whose account names no owner (trait 'owner'): one, or several in turn; and when each of them works.
   *
   * @minItems 1
   * @maxItems 100
   */
  owners?: [AlertOwner, ...AlertOwner[]];
}
/**
 * For learned stalls that give no 'probability': their threshold is chosen once a day from the last four weeks, so that no more alerts than this are expected. Until two weeks are known it is 0.7.
 */
export interface AlertBudget {
  /**
   * At most so many new alerts. What is over it waits for the next working day, the likeliest first, and is dropped after 5 days.
   */
  count: number;
  /**
   * Whose budget it is: each owner's own, or one for everybody. Default: owner.
   */
  per?: 'owner' | 'workspace';
  /**
   * A working day of the definition's calendar. Default: day.
   */
  for?: 'day';
}
/**
 * When they work, holidays of their country included. What is left out is as the definition's businessHours say.
 */
export interface BusinessHours1 {
  /**
   * Working days. Default: mon to fri.
   *
   * @minItems 1
   * @maxItems 7
   */
  days?:
    | ['mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun']
    | ['mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun', 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun']
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ];
  from?: TimeOfDay;
  to?: TimeOfDay1;
  /**
   * Public holidays of a country or region ('PL', 'DE-BY'), dates ('2026-12-24'), or a list of both.
   */
  holidays?: string | string[];
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition15 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * A meeting booked for a future date suspends the stall clock until that date and a business day.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Meetings".
 */
export interface MeetingPolicy {
  booked?: Condition16;
  cancelled?: Condition17;
  /**
   * Dotted path to its time, 'properties.startsAt'. Default: startsAt, startTime, start, meetingAt, scheduledFor, scheduledAt, date of the properties.
   */
  at?: string;
  grace?: DurationText12;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition16 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Every key given must hold. An empty group matches nothing.
 */
export interface Condition17 {
  /**
   * Every one of these holds.
   *
   * @maxItems 100
   */
  all?: Condition1[];
  /**
   * At least one of these holds.
   *
   * @maxItems 100
   */
  any?: Condition1[];
  not?: Condition2;
  event?: Comparison;
  type?: Comparison1;
  channel?: Comparison2;
  direction?: Comparison3;
  stage?: Comparison4;
  alert?: Comparison5;
  /**
   * Dotted path: comparison. Paths start with properties, context, traits (of the touchpoint), person, account or journey.
   */
  where?: {
    [k: string]: Comparison6;
  };
  count?: Count;
}
/**
 * Working days and hours. Where given, an alert opens within them. A business day is a working day counted whole, midnight to midnight; days off and holidays have no length.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "BusinessHours".
 */
export interface BusinessHours2 {
  /**
   * Working days. Default: mon to fri.
   *
   * @minItems 1
   * @maxItems 7
   */
  days?:
    | ['mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun']
    | ['mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun', 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun']
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ]
    | [
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
        'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
      ];
  from?: TimeOfDay;
  to?: TimeOfDay1;
  /**
   * Public holidays of a country or region ('PL', 'DE-BY'), dates ('2026-12-24'), or a list of both.
   */
  holidays?: string | string[];
}
/**
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Outcome".
 */
export interface Outcome2 {
  enter: Condition5;
}
/**
 * Counted in the journey by the touchpoints' own times. Without a comparison: at least one.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "Count".
 */
export interface Count1 {
  of: Condition3;
  within: DurationText;
  /**
   * Whose: the whole journey's (default), or those of the touchpoint's own person.
   */
  by?: 'journey' | 'person';
  /**
   * At least so many.
   */
  gte?: number;
  /**
   * At most so many; 0: none.
   */
  lte?: number;
  /**
   * Exactly so many.
   */
  eq?: number;
}
/**
 * At most so many in a time.
 *
 * This interface was referenced by `JourneyDefinition`'s JSON-Schema
 * via the `definition` "FrequencyCap".
 */
export interface FrequencyCap3 {
  /**
   * At most so many actions
   */
  count: number;
  per: DurationText7;
}
