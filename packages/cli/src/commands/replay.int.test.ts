/** The command itself: files in, files out, exit codes. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayCommand } from './replay.ts';

const folder = mkdtempSync(join(tmpdir(), 'cairn-replay-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DEFINITION = `
cairn: journey-definition/1
name: leads
unit: account
timezone: Europe/Amsterdam
stages:
  - name: new
    stall: { learned: { horizon: 7 days, probability: 0.7, atLeast: 2 days } }
  - name: talking
    enter: { event: Call }
    stall: { after: 2 business days }
outcomes:
  won: { enter: { event: Signed } }
  lost: { enter: { event: Refused } }
score:
  engagement:
    points: [ { name: any touch, when: { direction: inbound }, add: 1 } ]
`;
const MAPPING = `when = "" ? null : { "type": "track", "userId": who, "event": what, "timestamp": when,
  "messageId": "row-" & $string($row), "context": { "groupId": firm, "channel": channel } }`;
const ROWS = [
  ['ann', 'acme', 'Visit', 'web', '2026-03-27T10:00:00Z'],
  ['', '', 'ignored', '', ''],
  ['bob', 'acme', 'Call', 'phone', '2026-03-27T11:00:00Z'],
  ['cat', 'umbrella', 'Visit', 'email', '2026-03-28T09:00:00Z'],
  ['bob', 'acme', 'Signed', 'phone', '2026-04-02T11:00:00Z'],
  ['cat', 'umbrella', 'Refused', '', '2026-04-20T11:00:00Z'],
];

interface Line {
  at: string;
  stage: string;
  subject: { key: string };
  silenceProbability: Record<string, number>;
  explain: Record<string, { base: number; contributions: { value: number }[]; logit: number } | null>;
}

const path = (name: string): string => join(folder, name);
const json = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path(name), 'utf8')) as Record<string, unknown>;
const lines = (name: string): Line[] =>
  readFileSync(path(name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

async function run(...args: string[]): Promise<number> {
  const command = replayCommand(() => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    await command.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return error instanceof CommanderError ? 2 : 1;
  }
}

beforeAll(() => {
  writeFileSync(path('definition.yaml'), DEFINITION);
  writeFileSync(path('mapping.jsonata'), MAPPING);
  const csv = ['who,firm,what,channel,when', ...ROWS.map((row) => row.join(','))].join('\n');
  writeFileSync(path('events.csv.gz'), gzipSync(csv));
  const items = ROWS.filter(([who]) => who !== '').map(([userId, groupId, event, channel, timestamp], i) => ({
    type: 'track',
    userId,
    event,
    timestamp,
    messageId: `row-${i + (i === 0 ? 1 : 2)}`,
    context: { groupId, channel },
  }));
  // Out of order: time decides, not the place in the file.
  writeFileSync(
    path('events.jsonl'),
    items
      .reverse()
      .map((item) => JSON.stringify(item))
      .join('\n'),
  );
  writeFileSync(path('bad.yaml'), 'cairn: journey-definition/1\nname: x\nunit: person\nstages: []\n');
});

describe('cairn replay', () => {
  const definition = ['--definition', path('definition.yaml')];
  const all = [...definition, '--tick', '12:00', '--score-on', 'Call', '--explain'];

  it('writes the files of a CSV through its mapping, gzip, and the same of JSON lines in any order', async () => {
    const csv = [path('events.csv.gz'), '--mapping', path('mapping.jsonata'), ...all];
    expect(await run(...csv, '--out', path('csv'))).toBe(0);
    expect(readdirSync(path('csv')).sort()).toEqual([
      'actions.jsonl',
      'alerts.jsonl',
      'attribution.json',
      'journeys.jsonl',
      'scores.jsonl',
      'summary.json',
      'transitions.jsonl',
    ]);
    expect(json('csv/summary.json')).toMatchObject({
      touchpoints: 5,
      rows: { read: 6, skipped: 1, refused: 0 },
      journeys: { total: 2, won: 1, lost: 1 },
    });
    expect(await run(path('events.jsonl'), ...all, '--out', path('jsonl'))).toBe(0);
    expect(await run(path('events.jsonl'), ...all, '--out', path('again'))).toBe(0);
    for (const name of readdirSync(path('csv'))) {
      if (name === 'summary.json') continue;
      const text = readFileSync(path(`csv/${name}`), 'utf8');
      expect([name, readFileSync(path(`jsonl/${name}`), 'utf8')]).toEqual([name, text]);
      expect([name, readFileSync(path(`again/${name}`), 'utf8')]).toEqual([name, text]);
    }
    const { wallTime: _one, ...first } = json('jsonl/summary.json');
    const { wallTime: _other, ...second } = json('again/summary.json');
    expect(second).toEqual(first);
  });

  it('counts business days in the definition’s zone, over a weekend on which the clocks change', () => {
    expect(lines('csv/alerts.jsonl').filter(({ stage }) => stage === 'talking')).toMatchObject([
      // Friday 12:00 in Amsterdam plus two business days is Tuesday 12:00, which is 10:00 UTC by then.
      {
        at: '2026-03-31T10:00:00.000Z',
        type: 'alert.opened',
        kind: 'stall',
        subject: { unit: 'account', key: 'acme' },
      },
      { at: '2026-04-02T11:00:00.000Z', type: 'alert.resolved', resolvedBy: 'outcome' },
    ]);
  });

  it('scores each open journey at noon and after the event asked for, with reasons that add up', () => {
    const scores = lines('csv/scores.jsonl');
    expect(scores[0]).toMatchObject({ at: '2026-03-27T11:00:00.000Z', subject: { key: 'acme' }, stage: 'talking' });
    expect(scores.some(({ at }) => at === '2026-03-29T10:00:00.000Z')).toBe(true);
    // Two a day until acme was won, then one until the other was lost.
    expect(
      scores.filter(({ at }) => at > '2026-04-02T11:00:00.000Z').every(({ subject }) => subject.key === 'umbrella'),
    ).toBe(true);
    for (const { silenceProbability, explain } of scores)
      for (const [horizon, probability] of Object.entries(silenceProbability)) {
        const { base, contributions, logit } = explain[horizon]!;
        expect(contributions.reduce((sum, { value }) => sum + value, base)).toBeCloseTo(logit, 9);
        expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(probability, 9);
      }
  });

  it('credits the channels before the outcome', () => {
    expect(json('csv/attribution.json')).toMatchObject({
      conversions: 1,
      models: {
        first: { web: 1 },
        last: { phone: 1 },
        linear: { web: 0.5, phone: 0.5 },
        shapley: { web: 0.5, phone: 0.5 },
      },
    });
  });

  it('goes on until the moment that is asked for', async () => {
    const until = ['--until', '2026-04-01T00:00:00Z', '--out', path('until')];
    expect(await run(path('events.jsonl'), ...definition, ...until)).toBe(0);
    expect(json('until/summary.json')).toMatchObject({ touchpoints: 3, until: '2026-04-01T00:00:00.000Z' });
    expect(lines('until/alerts.jsonl').some(({ at }) => at === '2026-03-31T10:00:00.000Z')).toBe(true);
    expect(readdirSync(path('until'))).not.toContain('scores.jsonl');
  });

  it('says 2 to wrong use and 1 to what fails', async () => {
    const out = ['--out', path('out')];
    const events = path('events.jsonl');
    for (const args of [
      [],
      [events, ...out],
      [events, ...definition],
      [path('none.jsonl'), ...definition, ...out],
      [path('events.csv.gz'), ...definition, ...out],
      [path('definition.yaml'), ...definition, ...out],
      [events, '--definition', path('bad.yaml'), ...out],
      [events, ...definition, ...out, '--tick', 'noon'],
      [events, ...definition, ...out, '--tick-dates', '2026-01-01'],
      [events, ...definition, ...out, '--until', 'later'],
      [events, ...definition, ...out, '--mapping', path('events.jsonl')],
      [events, ...definition, ...out, '--explain'],
      [events, ...definition, ...out, '--colour', 'red'],
    ])
      expect([args, await run(...args)]).toEqual([args, 2]);
    writeFileSync(path('broken.jsonl.gz'), 'this is no gzip');
    mkdirSync(path('file'), { recursive: true });
    expect(await run(path('broken.jsonl.gz'), ...definition, ...out)).toBe(1);
  });

  it('takes what is no touchpoint for what it is, and a time before 1970 for none', async () => {
    const touch = (userId: string, timestamp?: string) =>
      JSON.stringify({ type: 'track', userId, event: 'Visit', messageId: userId, timestamp });
    const rows = ['null', '7', '"x"', '[]', touch('ann'), touch('bob', '1969-12-31T23:59:59Z')];
    rows.push(touch('cat', '2026-03-27T10:00:00Z'), touch('dan', '0001-01-01T00:00:00Z'));
    writeFileSync(path('odd.jsonl'), `\ufeff${rows.join('\r\n')}`);
    expect(await run(path('odd.jsonl'), '--definition', path('definition.yaml'), '--out', path('odd'))).toBe(0);
    expect(json('odd/summary.json')).toMatchObject({
      touchpoints: 4,
      from: '2026-03-27T10:00:00.000Z',
      to: '2026-03-27T10:00:00.000Z',
      rows: { refused: 4, reasons: { 'not-an-object': 4 } },
    });
  });
});
