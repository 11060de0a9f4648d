import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlertCommand } from '@cairn/contracts/generated/alert.ts';
import type { BudgetTold } from '@cairn/contracts/generated/budget.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { formatInstant } from '@cairn/clock/calendar.ts';
import { NOON, alert, alertFact, deadLetter, journeyIdOf, person, touchpoint } from '../testkit/facts.ts';
import type { Told } from '../testkit/feed-client.ts';
import { type FeedNode, type FeedWorld, createFeedWorld } from '../testkit/feed-world.ts';
import { DEAD_LETTERS_KEPT } from './view-dead-letters.ts';

/** API.md section 4, as far as live-feed answers it: journeys, timelines, alerts, people, dead letters, logging in, the page's files. */

let world: FeedWorld;
let node: FeedNode;
const ACME = journeyIdOf('w1', 'acme');

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  await world.token('w1', 'looker', { scopes: ['read'] });
  await world.token('w1', 'writer', { scopes: ['ingest'] });
  await world.token('w2', 'stranger');
  node = await world.start();
});
afterEach(() => world.end());

const ask = (path: string, options: RequestInit & { as?: string | null } = {}): Promise<Response> => {
  const { as = 'reader', ...rest } = options;
  return fetch(`${node.url}${path}`, {
    redirect: 'manual',
    ...rest,
    headers: { ...(as ? { authorization: `Bearer ${as}` } : {}), ...(rest.headers as object) },
  });
};
const get = async (path: string): Promise<Told> => (await ask(path)).json();
const namesOf = ({ items }: { items: { name: string }[] }): string[] => items.map(({ name }) => name);
const post = (path: string, body?: unknown, as = 'reader'): Promise<Response> =>
  ask(path, {
    method: 'POST',
    as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
const at = (minutes: number): string => formatInstant(NOON + minutes * 60_000);

describe('journeys', () => {
  beforeEach(async () => {
    await world.change('w1', 'acme', { stage: 'evaluation', stageSince: at(3), owner: 'rep', score: scored(50) });
    await world.change('w1', 'globex', { stage: 'awareness', stageSince: at(2), status: 'stalled', score: scored(20) });
    await world.change('w1', 'initech', { stage: 'awareness', stageSince: at(1), status: 'won', definition: 'b2c' });
    await world.change('w1', 'umbra', { status: 'absorbed', absorbedInto: ACME });
    await world.change('w2', 'secret');
    await expect.poll(async () => (await get(`/api/journeys/${ACME}`)).id).toBe(ACME);
  });
  const scored = (engagement: number) => ({
    engagement,
    fit: 0,
    total: engagement,
    qualification: null,
    winProbability: null,
    reasons: [],
  });

  test.each([
    ['', ['acme', 'globex', 'initech']],
    ['?stage=awareness', ['globex', 'initech']],
    ['?stage=awareness,evaluation', ['acme', 'globex', 'initech']],
    ['?status=stalled', ['globex']],
    ['?status=active,won', ['acme', 'initech']],
    ['?status=absorbed', ['umbra']],
    ['?owner=rep', ['acme']],
    ['?minScore=20', ['acme', 'globex']],
    ['?text=GLOB', ['globex']],
    ['?text=ann@acme', ['acme', 'globex', 'initech']],
    ['?definition=b2c', ['initech']],
    ['?stage=awareness&status=won', ['initech']],
    ['?stage=nowhere', []],
  ])('GET /api/journeys%s: who entered a stage last comes first', async (query, names) => {
    expect(namesOf(await get(`/api/journeys${query}`))).toEqual(names);
  });

  test('pages by limit and cursor, and says null at the end', async () => {
    const first = await get('/api/journeys?limit=2');
    expect(namesOf(first)).toEqual(['acme', 'globex']);
    const second = await get(`/api/journeys?limit=2&cursor=${first.next}`);
    expect([namesOf(second), second.next]).toEqual([['initech'], null]);
    expect((await get('/api/journeys?limit=3')).next).toBeNull();
  });

  test('a journey moves in the list when it changes stage, and is there once', async () => {
    await world.change('w1', 'initech', { stage: 'evaluation', stageSince: at(9) });
    await expect.poll(async () => namesOf(await get('/api/journeys'))).toEqual(['initech', 'acme', 'globex']);
    expect(namesOf(await get('/api/journeys?stage=awareness'))).toEqual(['globex']);
  });

  test('one journey is the resource as of now', async () => {
    const journey = await get(`/api/journeys/${ACME}`);
    expect(journey).toMatchObject({ id: ACME, stage: 'evaluation', seq: 1, score: { total: 50 } });
    expect(journey.pace.silentFor).toMatch(/^P\d+D/);
  });

  test.each(['?limit=0', '?limit=501', '?limit=x', '?cursor=zzz', '?colour=red', '?status=asleep', '?minScore=high'])(
    'GET /api/journeys%s is a 400 problem',
    async (query) => {
      const answer = await ask(`/api/journeys${query}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
      expect(await answer.json()).toMatchObject({ status: 400, code: 'bad-request' });
    },
  );

  test('an unknown id, another workspace’s id and a monstrous id are the same 404', async () => {
    const answers = await Promise.all(
      ['jrn_none', journeyIdOf('w2', 'secret'), 'x'.repeat(4_000)].map((id) => ask(`/api/journeys/${id}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
  });

  test('without a token 401, without the scope 403', async () => {
    expect((await ask('/api/journeys', { as: null })).status).toBe(401);
    expect((await ask('/api/journeys', { as: 'nobody' })).status).toBe(401);
    expect((await ask('/api/journeys', { as: 'writer' })).status).toBe(403);
  });
});

describe('a timeline', () => {
  const touch = (subject: string, id: string, minutes: number, given: object = {}) =>
    world.change('w1', subject, {}, touchpoint(id, { timestamp: at(minutes), ...given }));
  const idsOf = async (query = ''): Promise<string[]> =>
    (await get(`/api/journeys/${ACME}/touchpoints${query}`)).items.map(({ id }: { id: string }) => id);

  test('is newest first by when it happened, in pages', async () => {
    for (const [id, minutes] of [
      ['a', 3],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ] as const)
      await touch('acme', id, minutes);
    await expect.poll(() => idsOf()).toEqual(['d', 'a', 'c', 'b']);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Told = await get(`/api/journeys/${ACME}/touchpoints?limit=3&cursor=${cursor}`);
      seen.push(...page.items.map(({ id }: { id: string }) => id));
      cursor = page.next;
    }
    expect(seen).toEqual(['d', 'a', 'c', 'b']);
  });

  test('holds what absorbed journeys had, each touchpoint with the person who owns it now', async () => {
    await touch('ann', 'before', 1, { personId: 'per_old' });
    await world.change('w1', 'ann', { status: 'absorbed', absorbedInto: ACME });
    await touch('acme', 'after', 2);
    const merged = person('w1', 'per_old', { mergedInto: 'per_ann', version: 2 });
    await world.append([
      { topic: 'identities', partition: 0, key: 'w1/per_old', value: Buffer.from(JSON.stringify(merged)) },
    ]);
    await expect.poll(() => idsOf()).toEqual(['after', 'before']);
    await expect
      .poll(async () => (await get(`/api/journeys/${ACME}/touchpoints`)).items.map(({ personId }: Told) => personId))
      .toEqual(['per_ann', 'per_ann']);
  });

  test('goes on in the history where the view ends, each touchpoint once', async () => {
    const old = Array.from({ length: 5 }, (_, n) => touchpoint(`old_${n}`, { timestamp: at(-n) }));
    const asked: unknown[] = [];
    const second = await world.start('with-history', {
      touchpointHistory: {
        async timeline(workspace, journey, { limit, cursor }) {
          asked.push([workspace, journey]);
          const place = cursor && Buffer.from(cursor, 'base64url').toString().split(':')[1];
          const from = place ? old.findIndex(({ id }) => id === place) + 1 : 0;
          const items = [touchpoint('new', { timestamp: at(5), direction: 'none' }), ...old].slice(from ? from + 1 : 0);
          return { items: items.slice(0, limit), next: items.length > limit ? 'more' : null };
        },
      },
    });
    await touch('acme', 'new', 5);
    const read = async (query: string): Promise<Told> =>
      (
        await fetch(`${second.url}/api/journeys/${ACME}/touchpoints?${query}`, {
          headers: { authorization: 'Bearer reader' },
        })
      ).json();
    await expect
      .poll(async () => (await read('limit=3')).items?.map(({ id }: Told) => id))
      .toEqual(['new', 'old_0', 'old_1']);
    const first = await read('limit=3');
    expect(first.items[0].direction).toBe('inbound');
    const rest = await read(`limit=3&cursor=${first.next}`);
    expect(rest.items.map(({ id }: Told) => id)).toEqual(['old_2', 'old_3', 'old_4']);
    expect(asked[0]).toEqual(['w1', { id: ACME, subjectId: 'acme' }]);
  });

  test('an unknown journey is a 404, a bad cursor a 400', async () => {
    await touch('acme', 'a', 1);
    await expect.poll(async () => (await ask(`/api/journeys/${ACME}/touchpoints?cursor=!`)).status).toBe(400);
    expect((await ask('/api/journeys/jrn_none/touchpoints')).status).toBe(404);
  });
});

describe('alerts', () => {
  beforeEach(async () => {
    await world.alert(alertFact(alert('w1', 'acme', 'alr_1', { openedAt: at(1), owner: 'rep' }), 'alert.opened'));
    await world.alert(
      alertFact(alert('w1', 'globex', 'alr_2', { openedAt: at(2), kind: 'single-threaded' }), 'alert.opened'),
    );
    await world.alert(
      alertFact(alert('w1', 'acme', 'alr_3', { openedAt: at(3), state: 'resolved' }), 'alert.resolved'),
    );
    await world.alert(alertFact(alert('w2', 'secret', 'alr_4'), 'alert.opened'));
    await expect.poll(async () => (await get('/api/alerts/alr_1')).id).toBe('alr_1');
  });
  const idsOf = ({ items }: { items: { id: string }[] }): string[] => items.map(({ id }) => id);

  test.each([
    ['', ['alr_3', 'alr_2', 'alr_1']],
    ['?state=open', ['alr_2', 'alr_1']],
    ['?state=resolved', ['alr_3']],
    ['?state=open,resolved', ['alr_3', 'alr_2', 'alr_1']],
    ['?kind=single-threaded', ['alr_2']],
    ['?owner=rep', ['alr_1']],
    [`?journeyId=${ACME}`, ['alr_3', 'alr_1']],
  ])('GET /api/alerts%s, newest first', async (query, ids) => {
    expect(idsOf(await get(`/api/alerts${query}`))).toEqual(ids);
  });

  test('pages over open and resolved ones together', async () => {
    const first = await get('/api/alerts?limit=2');
    expect(idsOf(first)).toEqual(['alr_3', 'alr_2']);
    expect(idsOf(await get(`/api/alerts?limit=2&cursor=${first.next}`))).toEqual(['alr_1']);
  });

  test('alert budgets are shown as last told, by owner and definition, each workspace its own', async () => {
    const told = (workspace: string, owner: string | null, opened: number): BudgetTold => ({
      type: 'budget.told',
      workspace,
      at: NOON,
      what: { opened: 1 },
      budget: {
        definition: 'b2b-sales',
        owner,
        count: 5,
        per: 'owner',
        threshold: 0.82,
        chosenAt: '2026-03-02T00:00:00.000Z',
        expected: { perDay: 4.8, overBudget: false, precision: 0.71, silences: 240, days: 28 },
        today: { date: '2026-03-02', opened, waiting: 2 },
        totals: { opened: 40, waited: 9, dropped: 1, returned: 4 },
      },
    });
    const longName = 'x'.repeat(3_000);
    await world.append(
      [
        told('w1', 'Ada', 1),
        told('w1', 'Ada', 2),
        told('w1', null, 0),
        told('w1', longName, 0),
        told('w2', 'Eve', 5),
      ].map((fact) => ({
        topic: 'actions',
        partition: 0,
        key: 'w1/@budget',
        value: encodeJson(fact),
      })),
    );
    await expect.poll(async () => (await get('/api/alerts/budget')).items.length).toBe(3);
    const { items, next } = await get('/api/alerts/budget?owner=Ada&definition=b2b-sales');
    expect([items, next]).toEqual([[told('w1', 'Ada', 2).budget], null]);
    expect((await get('/api/alerts/budget?definition=other')).items).toEqual([]);
    expect((await ask('/api/alerts/budget', { as: null })).status).toBe(401);
  });

  test('an unknown state is a 400, another workspace’s alert a 404', async () => {
    expect((await ask('/api/alerts?state=asleep')).status).toBe(400);
    expect((await ask('/api/alerts/report?weeks=0')).status).toBe(400);
    expect((await ask('/api/alerts/report?by=mood')).status).toBe(400);
    expect(await get('/api/alerts/report?by=kind')).toMatchObject({ complete: true, next: null });
    expect((await ask('/api/alerts/alr_4')).status).toBe(404);
    expect((await post('/api/alerts/alr_4/acknowledge')).status).toBe(404);
  });

  /** Stands in for the orchestrator: answers the commands in `journey-inbox`. */
  async function answering(answer: (command: AlertCommand) => Promise<void>): Promise<AlertCommand[]> {
    const seen: AlertCommand[] = [];
    const follower = await world.log.follow(['journey-inbox'], 'end');
    void (async () => {
      for (;;) {
        const { records } = await follower.next({ waitMs: 1_000 });
        for (const record of records) {
          const command = decodeJson(record.value!) as AlertCommand;
          seen.push(command);
          await answer(command);
        }
      }
    })().catch(() => {});
    return seen;
  }

  test('acknowledge, snooze and resolve become commands at the alert’s subject and answer with the alert after it', async () => {
    const states = { acknowledge: 'acknowledged', snooze: 'snoozed', resolve: 'resolved' } as const;
    const seen = await answering(async ({ commandId, command }) => {
      const state = states[command];
      await world.alert(alertFact(alert('w1', 'acme', 'alr_1', { state }), `alert.${state}`, { commandId }));
    });
    const until = formatInstant(node.ports.clock.now() + 60_000);
    for (const [command, body] of [
      ['acknowledge', undefined],
      ['snooze', { until }],
      ['resolve', { verdict: 'not-a-stall' }],
    ] as const) {
      const answer = await post(`/api/alerts/alr_1/${command}`, body);
      expect([answer.status, (await answer.json()).state]).toEqual([200, states[command]]);
    }
    expect(seen).toMatchObject([
      {
        type: 'alert.command',
        workspace: 'w1',
        alertId: 'alr_1',
        journeyId: ACME,
        command: 'acknowledge',
        until: null,
        verdict: null,
        by: 'reader',
      },
      { command: 'snooze', until: Date.parse(until) },
      { command: 'resolve', verdict: 'not-a-stall' },
    ]);
    await expect.poll(async () => (await get('/api/alerts/alr_1')).state).toBe('resolved');
  });

  test('a command that is refused is a 409 with the reason', async () => {
    await answering(({ commandId }) =>
      world.append([
        {
          topic: 'alerts',
          partition: 0,
          key: 'w1/acme',
          value: Buffer.from(
            JSON.stringify({
              type: 'command.refused',
              workspace: 'w1',
              commandId,
              code: 'already-resolved',
              message: 'It is resolved',
            }),
          ),
        },
      ]),
    );
    const answer = await post('/api/alerts/alr_1/acknowledge');
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { code: 'already-resolved', detail: 'It is resolved' },
    ]);
  });

  test.each([
    ['snooze', {}],
    ['snooze', { until: 'tomorrow' }],
    ['snooze', { until: '2001-01-01T00:00:00Z' }],
    ['snooze', { until: '9999-01-01T00:00:00Z' }],
    ['resolve', { verdict: 'maybe' }],
    ['acknowledge', []],
  ])('%s with %j is a 400', async (command, body) => {
    expect((await post(`/api/alerts/alr_1/${command}`, body)).status).toBe(400);
  });

  test('to act needs the scope act', async () => {
    expect((await post('/api/alerts/alr_1/acknowledge', undefined, 'looker')).status).toBe(403);
  });
});

describe('people', () => {
  const put = (fact: unknown, id: string): Promise<void> =>
    world.append([{ topic: 'identities', partition: 0, key: `w1/${id}`, value: Buffer.from(JSON.stringify(fact)) }]);
  const id = (namespace: string, value: string, shared = false) => ({
    namespace,
    value,
    raw: value,
    firstSeen: NOON,
    shared,
  });
  const byEmail = (value: string): Promise<Response> =>
    ask(`/api/people?namespace=email&value=${encodeURIComponent(value)}`);

  test('are found by id and by every identifier, normalised', async () => {
    await put(
      person('w1', 'per_1', { ids: [id('email', 'ann@acme.example'), id('userId', 'u1')], name: 'Ann' }),
      'per_1',
    );
    await expect.poll(async () => (await byEmail(' ANN@acme.example')).status).toBe(200);
    const found = await (await byEmail('ann@acme.example')).json();
    expect(found).toMatchObject({
      id: 'per_1',
      version: 1,
      ids: [{ namespace: 'email', value: 'ann@acme.example' }, { namespace: 'userId' }],
    });
    expect(await get('/api/people/per_1')).toEqual(found);
    expect((await ask('/api/people?namespace=userId&value=U1')).status).toBe(404);
  });

  test('an absorbed id answers 308 to the one that lives on, however long the chain', async () => {
    await put(person('w1', 'per_3', { ids: [id('email', 'ann@acme.example')] }), 'per_3');
    await put(person('w1', 'per_2', { mergedInto: 'per_3', version: 2 }), 'per_2');
    await put(person('w1', 'per_1', { mergedInto: 'per_2', version: 2 }), 'per_1');
    await expect.poll(async () => (await ask('/api/people/per_1')).status).toBe(308);
    expect((await ask('/api/people/per_1')).headers.get('location')).toBe('/api/people/per_3');
    expect((await byEmail('ann@acme.example')).status).toBe(200);
  });

  test('what an admin has to look at is one list: told again, taken back and forgotten with the person', async () => {
    const tell = (at: number, decision: string, personId: string | null, value: string): Promise<void> => {
      const key = `w1/decision/${decision}/${value}`;
      const about = { personId, decision, namespace: 'phone', value, reason: 'told', cause: 'tp_1' };
      const fact = { type: 'identity.decision', workspace: 'w1', at, ...about };
      return world.append([{ topic: 'identities', partition: 0, key, value: Buffer.from(JSON.stringify(fact)) }]);
    };
    const list = async (query = ''): Promise<{ items: { value: string; personId: string | null }[]; next: string }> =>
      (await get(`/api/people/decisions${query}`)) as never;
    const values = async (): Promise<string[]> => (await list()).items.map(({ value }) => value);
    await tell(NOON, 'quarantined', 'per_1', '+48601000001');
    await tell(NOON + 1, 'demoted', 'per_1', '+48601000002');
    await tell(NOON + 2, 'bridged', 'per_2', '+48601000003');
    await tell(NOON + 3, 'ambiguous', null, 'acme.com');
    await expect.poll(values).toEqual(['acme.com', '+48601000003', '+48601000001']);
    const first = await list('?limit=2');
    expect(first.items.map(({ personId }) => personId)).toEqual([null, 'per_2']);
    expect(await list(`?limit=2&cursor=${first.next}`)).toMatchObject({
      items: [{ decision: 'quarantined', value: '+48601000001', personId: 'per_1', at: expect.any(String) as string }],
      next: null,
    });
    // Told anew it stands once.
    await tell(NOON + 4, 'quarantined', 'per_1', '+48601000001');
    await expect.poll(values).toEqual(['+48601000001', 'acme.com', '+48601000003']);
    const gone = (key: string): Promise<void> =>
      world.append([{ topic: 'identities', partition: 0, key, value: null }]);
    await gone('w1/decision/ambiguous/acme.com');
    await expect.poll(values).toEqual(['+48601000001', '+48601000003']);
    await gone('w1/per_2');
    await expect.poll(values).toEqual(['+48601000001']);
  });

  test('an id moves to whoever holds it after a merge or a split', async () => {
    await put(person('w1', 'per_1', { ids: [id('email', 'ann@acme.example'), id('anonymousId', 'a1')] }), 'per_1');
    await expect.poll(async () => (await byEmail('ann@acme.example')).status).toBe(200);
    await put(person('w1', 'per_1', { ids: [id('anonymousId', 'a1')], version: 2 }), 'per_1');
    await put(person('w1', 'per_2', { ids: [id('email', 'ann@acme.example')], version: 2 }), 'per_2');
    await expect.poll(async () => (await (await byEmail('ann@acme.example')).json()).id).toBe('per_2');
  });

  test('a shared id is the anonymous person’s who goes on under it, else nobody’s', async () => {
    const kiosk = '/api/people?namespace=anonymousId&value=kiosk';
    await put(person('w1', 'per_1', { ids: [id('userId', 'u1'), id('anonymousId', 'kiosk', true)] }), 'per_1');
    await expect.poll(async () => (await ask('/api/people/per_1')).status).toBe(200);
    expect((await ask(kiosk)).status).toBe(404);
    await put(person('w1', 'per_2', { ids: [id('anonymousId', 'kiosk', true)] }), 'per_2');
    await expect.poll(async () => (await (await ask(kiosk)).json()).id).toBe('per_2');
  });

  test('an erased person is gone under every id', async () => {
    await put(person('w1', 'per_1', { ids: [id('email', 'ann@acme.example')] }), 'per_1');
    await expect.poll(async () => (await byEmail('ann@acme.example')).status).toBe(200);
    await put(
      { type: 'person.erased', factId: 'f', workspace: 'w1', at: NOON, personId: 'per_1', cause: 'c' },
      'per_1',
    );
    await expect.poll(async () => (await byEmail('ann@acme.example')).status).toBe(404);
    expect((await ask('/api/people/per_1')).status).toBe(404);
  });

  test('namespace and value are both needed', async () => {
    expect((await ask('/api/people?namespace=email')).status).toBe(400);
  });
});

describe('dead letters', () => {
  const put = (...letters: ReturnType<typeof deadLetter>[]): Promise<void> =>
    world.append(
      letters.map((letter) => ({
        topic: 'dead-letters',
        partition: 0,
        key: letter.workspace,
        value: Buffer.from(JSON.stringify(letter)),
      })),
    );

  test('are listed newest first, of the own workspace, by reason', async () => {
    await put(
      deadLetter('w1', 'dl_1'),
      deadLetter('w1', 'dl_2', { at: NOON + 1, reason: 'too-large', messageId: 'm1' }),
      deadLetter('w2', 'dl_3'),
    );
    await expect.poll(async () => (await get('/api/dead-letters')).items.length).toBe(2);
    const { items, next } = await get('/api/dead-letters');
    expect(next).toBeNull();
    expect(items).toMatchObject([
      { id: 'dl_2', at: formatInstant(NOON + 1), reason: 'too-large', messageId: 'm1', raw: '{}' },
      { id: 'dl_1', reason: 'missing-event' },
    ]);
    expect((await get('/api/dead-letters?reason=too-large')).items).toHaveLength(1);
  });

  test('the newest are kept, the oldest make room', async () => {
    const count = DEAD_LETTERS_KEPT + 1_500;
    await put(...Array.from({ length: count }, (_, n) => deadLetter('w1', `dl_${n}`, { at: NOON + n })));
    await expect.poll(async () => (await get('/api/dead-letters?limit=1')).items[0]?.id).toBe(`dl_${count - 1}`);
    await put(...Array.from({ length: 1_000 }, (_, n) => deadLetter('w1', `dm_${n}`, { at: NOON + count + n })));
    await expect.poll(async () => (await get('/api/dead-letters?limit=1')).items[0]?.id).toBe('dm_999');
    let listed = 0;
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Told = await get(`/api/dead-letters?limit=500&cursor=${cursor}`);
      listed += page.items.length;
      cursor = page.next;
    }
    expect(listed).toBeGreaterThanOrEqual(DEAD_LETTERS_KEPT);
    expect(listed).toBeLessThan(DEAD_LETTERS_KEPT + 2_000);
  });
});

describe('the dashboard', () => {
  test('the login link sets the cookie of a browser, and only there', async () => {
    const answer = await ask('/login?token=reader', { as: null });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    const cookie = answer.headers.get('set-cookie')!;
    for (const part of ['cairn_session=reader', 'HttpOnly', 'SameSite=Strict', 'Path=/'])
      expect(cookie).toContain(part);
    const session = { headers: { cookie: cookie.split(';')[0]! }, as: null };
    expect((await ask('/api/journeys', session)).status).toBe(200);
    expect((await ask('/login?token=nobody', { as: null })).status).toBe(401);
    expect((await ask('/login', { as: null })).status).toBe(400);
  });

  test('a change by cookie must come from the own origin', async () => {
    await world.alert(alertFact(alert('w1', 'acme', 'alr_1'), 'alert.opened'));
    await expect.poll(async () => (await ask('/api/alerts/alr_1')).status).toBe(200);
    const foreign = { cookie: 'cairn_session=reader', origin: 'https://evil.example' };
    expect((await ask('/api/alerts/alr_1/acknowledge', { method: 'POST', as: null, headers: foreign })).status).toBe(
      403,
    );
  });

  test('files are served with a tag, what is hashed by name for ever, pages of the app as index.html', async () => {
    const folder = join(world.folder, 'dist');
    await mkdir(join(folder, 'assets'), { recursive: true });
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Cairn</title>');
    await writeFile(join(folder, 'assets', 'app-1a2b.js'), 'export {};');
    await writeFile(join(world.folder, 'secret.txt'), 'secret');
    const site = await world.start('site', { dashboardPath: folder });
    const fetched = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${site.url}${path}`, { headers });

    const index = await fetched('/');
    expect([index.status, index.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    expect(index.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect((await fetched('/', { 'if-none-match': index.headers.get('etag')! })).status).toBe(304);
    expect(await (await fetched('/journeys/jrn_1')).text()).toBe(await index.text());
    const script = await fetched('/assets/app-1a2b.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-type')).toContain('javascript');
    for (const path of ['/assets/none.js', '/../secret.txt', '/%2e%2e/secret.txt', '/api/nothing', '/v1/nothing'])
      expect((await fetched(path)).status).toBe(404);
  });

  test('without a built dashboard the page says so', async () => {
    expect(await (await ask('/', { as: null })).text()).toContain('has not been built');
  });
});
