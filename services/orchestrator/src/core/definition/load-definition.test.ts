import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_DEFINITION } from '../../testkit/example-definition.ts';
import { compileDefinition } from './compile-definition.ts';
import { loadDefinition } from './load-definition.ts';

const SHIPPED = new URL('../../../../../definitions/', import.meta.url);

/** The faults of a small definition with something added, as the author reads them. */
function faultsWith(yaml: string): string[] {
  const loaded = loadDefinition(`cairn: journey-definition/1\nname: x\nunit: account\n${yaml}`);
  return loaded.ok ? [] : loaded.faults.map(({ path, message }) => `${path}: ${message}`);
}
const stages = 'stages: [ { name: one }, { name: two } ]';

describe('a definition', () => {
  it('loads as the contract shows it, with every key it names', () => {
    const loaded = loadDefinition(EXAMPLE_DEFINITION);
    expect(loaded).toMatchObject({ ok: true });
    if (!loaded.ok) return;
    const compiled = compileDefinition(loaded.definition, 3);
    expect(compiled.stages.map(({ name, stallAfter }) => [name, stallAfter])).toEqual([
      ['awareness', null],
      ['consideration', { businessDays: 5 }],
      ['evaluation', null],
    ]);
    expect(compiled).toMatchObject({ halfLifeMs: 604_800_000, withinHours: true, escalateAfter: { businessDays: 1 } });
  });

  it('loads as JSON just as well', () => {
    const yaml = loadDefinition(EXAMPLE_DEFINITION);
    expect(yaml.ok && loadDefinition(JSON.stringify(yaml.definition))).toEqual(yaml);
  });

  it.each(readdirSync(SHIPPED).filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml')))(
    'ships as %s without a fault',
    (name) => {
      const loaded = loadDefinition(readFileSync(new URL(name, SHIPPED), 'utf8'));
      expect(loaded.ok ? [] : loaded.faults).toEqual([]);
      if (loaded.ok) expect(() => compileDefinition(loaded.definition, 1)).not.toThrow();
    },
  );

  it('needs no more than its name, unit and stages', () => {
    expect(faultsWith(stages)).toEqual([]);
    expect(faultsWith('{}')).not.toEqual([]);
    expect(loadDefinition('{}')).toMatchObject({
      ok: false,
      faults: [
        { message: "needs 'cairn'" },
        { message: "needs 'name'" },
        { message: "needs 'unit'" },
        { message: "needs 'stages'" },
      ],
    });
  });

  const cases: [string, string][] = [
    [
      'stages: [ { name: a }, { name: b }, { name: c, stall: { after: 5 bussiness days } } ]',
      "stages[2].stall.after: '5 bussiness days' is not a duration; did you mean 'business'?",
    ],
    [
      'stages: [ { name: a, stall: { after: soon } } ]',
      "stages[0].stall.after: 'soon' is not a duration such as '5s', '3 days' or '5 business days'",
    ],
    ['stages: [ { name: a, stall: { after: 0 days } } ]', 'stages[0].stall.after: must be longer than nothing'],
    [
      'stages: [ { name: a, stal: { after: 5s } } ]',
      "stages[0].stal: 'stal' is not a known key; did you mean 'stall'?",
    ],
    [
      'stages: [ { name: a, enter: { evnt: X } } ]',
      "stages[0].enter.evnt: 'evnt' is not a known key; did you mean 'event'?",
    ],
    [
      `${stages}\nactions: [ { name: a, when: { count: { of: { event: X }, within: 7 dais } } } ]`,
      "actions[0].when.count.within: '7 dais' is not a duration; did you mean 'days'?",
    ],
    [
      `${stages}\nactions: [ { name: a, when: { count: { of: { count: { of: { event: X }, within: 1 day } }, within: 1 day } } } ]`,
      'actions[0].when.count.of.count: cannot stand within another count',
    ],
    [
      `${stages}\nactions: [ { name: a } ]\nplays: [ { name: p, trigger: { event: X }, steps: [ { branch: { then: [ { action: a } ] } } ] } ]`,
      "plays[0].steps[0].branch: needs either 'if' or 'share'",
    ],
    [
      `${stages}\nroles: { champion: {} }\nactions: [ { name: a, to: champoin } ]`,
      "actions[0].to: 'champoin' is not a role; did you mean 'champion'?",
    ],
    [
      `${stages}\nguardRails: { minGap: 2 dys, maxActionsPerPerson: { count: 1, per: x } }`,
      "guardRails.maxActionsPerPerson.per: 'x' is not a duration such as '5s', '3 days' or '5 business days'",
    ],
    [`${stages}\nmeetings: { grace: 1 dya }`, "meetings.grace: '1 dya' is not a duration; did you mean 'day'?"],
    ['stages: [ { name: a }, { name: a } ]', "stages[1].name: 'a' is there twice"],
    ['stages: []', 'stages: must have at least 1 entry'],
    ['stages: [ { name: a, from: [b] } ]', "stages[0].from[0]: 'b' is not a stage: a"],
    [
      'stages: [ { name: a, enter: { where: { propertys.path: x } } } ]',
      "stages[0].enter.where['propertys.path']: 'propertys.path' is no path: it starts with properties, context, traits, person, account, journey or touchpoint; did you mean 'properties'?",
    ],
    [
      'stages: [ { name: a, enter: { where: { properties.path: { startWith: /x } } } } ]',
      "stages[0].enter.where['properties.path'].startWith: 'startWith' is not a known key; did you mean 'startsWith'?",
    ],
    [
      'stages: [ { name: a, enter: { where: { properties.path: { matches: "(a" } } } } ]',
      "stages[0].enter.where['properties.path'].matches: '(a' is not a regular expression: error parsing regexp: missing closing ): `(a`",
    ],
    [
      'stages: [ { name: a, enter: { direction: inbuond } } ]',
      "stages[0].enter.direction: 'inbuond' is not a direction; did you mean 'inbound'?",
    ],
    [
      `${stages}\ntimezone: Europe/Warszawa`,
      "timezone: 'Europe/Warszawa' is not an IANA time zone such as Europe/Warsaw",
    ],
    [
      `${stages}\nbusinessHours: { holidays: XX }`,
      "businessHours.holidays: 'XX' is not a country whose holidays are known (PL, DE, DE-BY, …)",
    ],
    [
      `${stages}\nbusinessHours: { from: "9:00" }`,
      "businessHours.from: must be a time of day such as '09:00', up to '24:00', in quotes",
    ],
    [`${stages}\nbusinessHours: { from: "17:00", to: "09:00" }`, "businessHours.to: must be later than 'from'"],
    [`${stages}\nrequiredRoles: { tow: [boss] }`, "requiredRoles.tow: 'tow' is not a stage; did you mean 'two'?"],
    [
      `${stages}\nplays: [ { name: p, trigger: { alert: stal }, steps: [ { action: call } ] } ]`,
      "plays[0].trigger.alert: 'stal' is not a kind of alert; did you mean 'stall'?",
    ],
    [
      `${stages}\nplays: [ { name: p, trigger: { alert: stall }, steps: [ { action: call } ] } ]`,
      "plays[0].steps[0].action: 'call' is not an action: there are none",
    ],
    [
      `${stages}\nscore: { engagement: { halfLife: 5 business days, points: [] } }`,
      "score.engagement.halfLife: '5 business days' must be a plain duration, not business days",
    ],
    [`${stages}\nscore: { thresholds: { mql: 50, sql: 20 } }`, 'score.thresholds.sql: must not be below mql'],
    [`${stages}\nholdout: 2`, 'holdout: must be <= 1'],
    [`${stages}\nunits: person`, "units: 'units' is not a known key; did you mean 'unit'?"],
  ];
  it.each(cases)('says what is wrong with %s', (yaml, fault) => expect(faultsWith(yaml)).toContain(fault));

  it('tells every fault at once: of keys and shapes, and of what stands in them', () =>
    expect(
      faultsWith(
        [
          'timezone: Europe/Warszawa',
          'holdot: 0.1',
          'stages: [ { name: a, stal: { after: 1 day }, stall: { after: 5 bussiness days } }, { title: no name }, { name: a, enter: [] } ]',
          'businessHours: { from: 9, holidays: XX }',
          'roles: { boss: { where: { persn.traits.title: x } } }',
          'actions: [ { name: call, when: { stage: aa, where: { properties.path: { between: 5 } } } }, call ]',
          'plays: [ { name: p, trigger: { alert: stal }, steps: [ { action: cal, wait: 5 }, 7 ] } ]',
          'guardRails: none',
        ].join('\n'),
      ),
    ).toEqual([
      "holdot: 'holdot' is not a known key; did you mean 'holdout'?",
      'businessHours.from: must be a text',
      "stages[0].stal: 'stal' is not a known key; did you mean 'stall'?",
      "stages[1]: needs 'name'",
      'stages[2].enter: must be a group of keys',
      "actions[0].when.where['properties.path'].between: must be a list",
      'actions[1]: must be a group of keys',
      'plays[0].steps[0]: must have exactly one key: wait, action, branch or exit',
      'plays[0].steps[0].wait: must be a group of keys',
      'plays[0].steps[1]: must be a group of keys',
      'guardRails: must be a group of keys',
      "timezone: 'Europe/Warszawa' is not an IANA time zone such as Europe/Warsaw",
      "businessHours.holidays: 'XX' is not a country whose holidays are known (PL, DE, DE-BY, …)",
      "stages[2].name: 'a' is there twice",
      "stages[0].stall.after: '5 bussiness days' is not a duration; did you mean 'business'?",
      "roles.boss.where['persn.traits.title']: 'persn.traits.title' is no path: it starts with properties, context, traits, person, account, journey or touchpoint; did you mean 'person'?",
      "plays[0].trigger.alert: 'stal' is not a kind of alert; did you mean 'stall'?",
    ]));

  it('wants something to choose where a budget is given', () => {
    const budget = 'alerts: { budget: { count: 5 } }';
    const one = (stall: string): string => `stages: [ { name: a, stall: ${stall} } ]\n${budget}`;
    expect(faultsWith(one('{ after: 3 days }'))).toEqual([
      "alerts.budget: no stage has a 'learned' stall without a 'probability': there is nothing to choose",
    ]);
    expect(faultsWith(one('{ learned: { horizon: 7 days, probability: 0.7 } }'))).toHaveLength(1);
    expect(faultsWith(one('{ learned: { horizon: 7 days } }'))).toEqual([]);
    expect(faultsWith(one('{ learned: { horizon: 7 days } }').replace('count: 5', 'count: 0, per: team'))).toHaveLength(
      2,
    );
  });

  it('knows no date that no calendar has', () =>
    expect(faultsWith(`${stages}\nbusinessHours: { holidays: [2026-02-30, 2026-02-28] }`)).toEqual([
      "businessHours.holidays: '2026-02-30' is not a date",
    ]));

  it('tells of a fault of the YAML with its line', () => {
    expect(loadDefinition('cairn: journey-definition/1\nname: [x\nunit: y')).toMatchObject({
      ok: false,
      faults: [{ path: '', message: expect.stringMatching(/^line \d: /) as string }],
    });
  });

  it.each([
    ['an empty file', ''],
    ['a list', '- a'],
    ['a number', '7'],
    ['null', null],
    ['undefined', undefined],
    [
      'a billion laughs',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
    ],
    ['a deep nest', `${'{"not":'.repeat(20_000)}{}${'}'.repeat(20_000)}`],
    [
      'a deep condition',
      `{"cairn":"journey-definition/1","name":"x","unit":"account","stages":[{"name":"a","enter":${'{"not":'.repeat(5_000)}{"event":"x"}${'}'.repeat(5_000)}}]}`,
    ],
    [
      'a group of names that are none',
      {
        cairn: 'journey-definition/1',
        name: 'x',
        unit: 'account',
        stages: [{ name: 5 }, {}, null, { name: 'a', from: ['b', null] }],
        roles: { 'big boss': { where: { 'person.traits.title': { matches: {} } } }, 7: null },
        requiredRoles: { b: ['chief', 3], c: null },
        actions: [{ name: [] }, null, { name: 'call', to: 'chief', when: { stage: ['b', {}] } }],
        plays: [{ name: null, trigger: 'x', steps: [{ action: 'cal' }, null, { branch: 5 }] }],
        score: { engagement: { points: [null, { name: {}, when: [] }] }, fit: 5 },
        businessHours: { days: 5, holidays: [5, null] },
        guardRails: { quietHours: 'night', maxActionsPerJourney: 5 },
      },
    ],
    ['a file that is too long', 'x'.repeat(100_001)],
    ['a prototype', '{"__proto__": {"cairn": "journey-definition/1"}, "constructor": 1}'],
  ])('is refused without a crash where it is %s', (_what, source) => {
    const loaded = loadDefinition(source);
    expect(loaded.ok).toBe(false);
    if (!loaded.ok) expect(JSON.stringify(loaded.faults)).not.toMatch(/undefined|\[object/);
  });
});
