import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { Rederivation, SubjectTouchpoints } from '@cairn/contracts/generated/stitched.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { partitionOf } from '@cairn/contracts/topics.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { Log } from '@cairn/log/log.ts';
import { openClickhouseHistory } from '../history.clickhouse.ts';
import { createMemoryHistory } from '../history.memory.ts';
import type { History } from '../history.ts';
import { timeline } from '../queries/timeline.ts';
import { SINK_TOPICS } from '../rows/rows-of.ts';
import { waitUntil } from '@cairn/testkit/wait-until.ts';
import { startSink } from '../sink.ts';
import { squash } from './squash.ts';
import { clickhouseSubjects } from './subject-history.clickhouse.ts';
import { memorySubjects } from './subject-history.memory.ts';
import type { SubjectHistory } from './subject-history.ts';

const START = Date.UTC(2026, 5, 1);
const PARTITIONS = 2;

interface Place {
  history: History;
  subjects: SubjectHistory;
}

const server = process.env.CAIRN_TEST_CLICKHOUSE_URL;
let directory: string;
let clickhouse: History;
const memory = createMemoryHistory();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cairn-identities-'));
  clickhouse = await openClickhouseHistory(server ? { url: server } : { chdbPath: directory });
}, 60_000);
afterAll(async () => {
  await clickhouse.close();
  rmSync(directory, { recursive: true, force: true });
});

const places: [string, () => Place][] = [
  ['ClickHouse', () => ({ history: clickhouse, subjects: clickhouseSubjects(clickhouse) })],
  ['memory', () => ({ history: memory, subjects: memorySubjects(memory) })],
];
let runs = 0;

describe.each(places)('identities in the history on %s', (name, open) => {
  /** Each test in a workspace and with a sink of its own. */
  function begin() {
    const place = open();
    const workspace = `w${++runs}`;
    const topics = SINK_TOPICS.map((topic) => ({
      name: topic,
      partitions: PARTITIONS,
      cleanup: 'delete' as const,
      retentionMs: null,
    }));
    const log = createMemoryLog({ topics, clock: systemClock });
    const faults: unknown[] = [];
    let touches = 0;
    const append = (topic: string, key: string, message: unknown) =>
      log.append([{ topic, partition: partitionOf(key, PARTITIONS), key, value: encodeJson(message) }]);
    return {
      ...place,
      workspace,
      log,
      append,
      touch: (person: string, subject: string, stitchKey: string, more: { account?: string; group?: string } = {}) => {
        const number = ++touches;
        return append('journey-inbox', `${workspace}/${subject}`, {
          type: 'touchpoint.stitched',
          workspace,
          subject: { unit: more.account ? 'account' : 'person', id: subject },
          person: { id: person, userId: null, name: null, email: null, anonymous: true, traits: {} },
          account: more.account ? { id: more.account, groupId: null, name: null, domain: null, traits: {} } : null,
          stitchKey,
          touchpoint: {
            id: `tp_${number}`,
            messageId: `m${number}`,
            kind: 'track',
            event: 'Page Viewed',
            name: null,
            userId: null,
            anonymousId: 'a',
            groupId: more.group ?? null,
            timestamp: START + number * 1_000,
            originalTimestamp: null,
            receivedAt: START + number * 1_000,
            traits: {},
            properties: { number },
            context: {},
            direction: null,
            channel: null,
            bot: false,
            imported: false,
            source: 'http',
          },
        });
      },
      fact: (message: object) => append('identities', workspace, { workspace, at: START, ...message }),
      async carry(work: () => Promise<unknown> = async () => {}) {
        const sink = await startSink({
          log,
          history: place.history,
          subjects: place.subjects,
          clock: systemClock,
          name: `${name}-${workspace}`,
          chunkWaitMs: 5,
          onFault: (error) => faults.push(error),
        });
        await work();
        await Promise.race([
          sink.caughtUp(),
          waitUntil(() => faults.length > 0, systemClock, { timeoutMs: 50_000 }).catch(() => {}),
        ]);
        await sink.stop();
        expect(faults).toEqual([]);
      },
      order: (job: string, rederivation: Rederivation | null, subjects = rederivation!.subjects) =>
        Promise.all(
          subjects.map((subject) =>
            append('journey-inbox', `${workspace}/${subject.id}`, {
              type: 'subject.rederive',
              workspace,
              at: START,
              subject,
              account: null,
              job,
              rederivation,
              cause: job,
            }),
          ),
        ),
      answers: () => answersIn(log),
    };
  }

  async function answersIn(log: Log): Promise<SubjectTouchpoints[]> {
    const found: SubjectTouchpoints[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (const { value } of await log.read('journey-inbox', partition, 0n, 10_000)) {
        const message = decodeJson(value!) as SubjectTouchpoints;
        if (message.type === 'subject.touchpoints') found.push(message);
      }
    return found;
  }

  const person = (id: string) => ({ id, userId: null, name: null, email: null, anonymous: true, traits: {} });
  const alone = (id: string) => ({ unit: 'person' as const, id });
  const shared = (answers: SubjectTouchpoints[], job: string): Record<string, [string, string | null][]> =>
    Object.fromEntries(
      answers
        .filter((answer) => answer.job === job)
        .map((answer) => [answer.subject.id, answer.touchpoints.map((one) => [one.touchpoint.id, one.personId])]),
    );

  it('what a person leaves with an account stays there, what comes after is not the account’s', async () => {
    const w = begin();
    const joins = (account: string): Promise<unknown> =>
      w.append('journey-inbox', `${w.workspace}/ann`, {
        type: 'subject.handed-over',
        workspace: w.workspace,
        at: START,
        from: alone('ann'),
        into: { unit: 'account', id: account },
        personId: 'ann',
        cause: account,
      });
    await w.touch('ann', 'ann', 'userId:ann');
    await joins('acme');
    await w.touch('ann', 'acme', 'userId:ann', { account: 'acme' });
    await w.carry();
    await w.touch('ann', 'ann', 'userId:ann');
    await w.carry();
    const idsOf = async (subject: string): Promise<string[]> => {
      const page = { fence: { partition: 9, offset: '0' }, after: null, limit: 9 };
      return (await w.subjects.page(w.workspace, subject, page)).touchpoints.map((one) => one.touchpoint.id);
    };
    expect(await idsOf('acme')).toEqual(['tp_1', 'tp_2']);
    expect(await idsOf('ann')).toEqual(['tp_3']);
    await joins('globex');
    await w.touch('ann', 'ann', 'userId:ann');
    await w.carry();
    expect(await idsOf('acme')).toEqual(['tp_1', 'tp_2']);
    expect(await idsOf('globex')).toEqual(['tp_3']);
    expect(await idsOf('ann')).toEqual(['tp_4']);
  });

  it('after a split each touchpoint goes back to whom its strongest identifier belongs', async () => {
    const w = begin();
    await w.touch('p', 'p', 'anonymousId:1');
    await w.touch('q', 'q', 'anonymousId:2');
    await w.append('journey-inbox', `${w.workspace}/q`, {
      type: 'subject.handed-over',
      workspace: w.workspace,
      at: START,
      from: alone('q'),
      into: alone('p'),
      personId: 'p',
      cause: 'merge',
    });
    await w.fact({ type: 'person.merged', from: 'q', into: 'p', absorbed: ['q'], version: 2 });
    await w.touch('p', 'p', 'anonymousId:2');
    await w.touch('p', 'p', 'anonymousId:1');
    await w.carry();
    const before = await w.subjects.page(w.workspace, 'p', {
      fence: { partition: 9, offset: '0' },
      after: null,
      limit: 9,
    });
    expect(before.touchpoints.map((one) => [one.touchpoint.id, one.personId])).toEqual([
      ['tp_1', 'p'],
      ['tp_2', 'p'],
      ['tp_3', 'p'],
      ['tp_4', 'p'],
    ]);

    await w.fact({
      type: 'person.split',
      personId: 'p',
      into: [
        { personId: 'p', ids: [] },
        { personId: 'q', ids: [] },
      ],
    });
    await w.order('cmd', {
      subjects: [alone('p'), alone('q')],
      were: ['p', 'q'],
      people: [
        { person: person('p'), ids: ['anonymousId:1'], subject: alone('p'), accounts: [] },
        { person: person('q'), ids: ['anonymousId:2'], subject: alone('q'), accounts: [] },
      ],
    });
    await w.touch('q', 'q', 'anonymousId:2');
    await w.carry();
    expect(shared(await w.answers(), 'cmd')).toEqual({
      p: [
        ['tp_1', 'p'],
        ['tp_4', 'p'],
      ],
      q: [
        ['tp_2', 'q'],
        ['tp_3', 'q'],
      ],
    });
    if (name !== 'ClickHouse') return;
    const of = async (id: string) =>
      (await timeline(w.history, w.workspace, id, { limit: 10, cursor: null })).items.map((item) => [
        item.id,
        item.personId,
      ]);
    expect(await of('p')).toEqual([
      ['tp_4', 'p'],
      ['tp_1', 'p'],
    ]);
    expect(await of('q')).toEqual([
      ['tp_5', 'q'],
      ['tp_3', 'q'],
      ['tp_2', 'q'],
    ]);
  });

  it('touchpoints stay with an account that they named or that the person belongs to, and leave one that came with the mistake', async () => {
    const w = begin();
    await w.touch('p', 'acme', 'userId:p', { account: 'acme' });
    await w.touch('p', 'acme', 'userId:q', { account: 'acme' });
    await w.touch('p', 'acme', 'userId:q', { account: 'acme', group: 'acme' });
    await w.order('cmd', {
      subjects: [{ unit: 'account', id: 'acme' }, alone('q')],
      were: ['p', 'q'],
      people: [
        {
          person: person('p'),
          ids: ['userId:p'],
          subject: { unit: 'account', id: 'acme' },
          accounts: [{ accountId: 'acme', from: START, to: null }],
        },
        { person: person('q'), ids: ['userId:q'], subject: alone('q'), accounts: [] },
      ],
    });
    await w.carry();
    expect(shared(await w.answers(), 'cmd')).toEqual({
      acme: [
        ['tp_1', 'p'],
        ['tp_3', 'q'],
      ],
      q: [['tp_2', 'q']],
    });
    const [q] = (await w.answers()).filter(({ subject }) => subject.id === 'q');
    expect(q!.touchpoints[0]!.accountId).toBeNull();
  });

  it('an order that was answered and came again is answered alike', async () => {
    const w = begin();
    await w.touch('p', 'p', 'anonymousId:1');
    await w.order('again', null, [alone('p')]);
    await w.carry();
    const [first] = await w.answers();
    await w.carry(() => w.order('again', null, [alone('p')]));
    const [, second] = await w.answers();
    expect(second).toEqual(first);
  });

  it('who was erased is in no table, rows under absorbed ids and rows that come again included; others stay', async () => {
    const w = begin();
    await w.touch('p', 'acme', 'userId:p', { account: 'acme' });
    await w.touch('old', 'acme', 'userId:p', { account: 'acme' });
    await w.touch('other', 'acme', 'userId:o', { account: 'acme' });
    for (const id of ['p', 'other'])
      await w.fact({
        type: 'person.changed',
        person: { id, version: 1, mergedInto: null, name: 'N', ids: [], traits: {}, accounts: [], mergedFrom: [] },
      });
    await w.fact({ type: 'person.merged', from: 'old', into: 'p', absorbed: ['old'], version: 2 });
    await w.fact({ type: 'person.erased', personId: 'p', absorbed: ['old'], hashes: [] });
    await w.carry();
    await w.carry(() => w.touch('p', 'acme', 'userId:p', { account: 'acme' }));
    const left = await w.subjects.page(w.workspace, 'acme', {
      fence: { partition: 9, offset: '0' },
      after: null,
      limit: 9,
    });
    expect(left.touchpoints.map((one) => one.touchpoint.id)).toEqual(['tp_3']);
    const people =
      name === 'ClickHouse'
        ? await w.history.query<{ person_id: string }>(
            'SELECT person_id FROM people WHERE workspace = {workspace: String} UNION ALL SELECT person_id FROM identity_overrides WHERE workspace = {workspace: String}',
            { workspace: w.workspace },
          )
        : [...memory.rows('people'), ...memory.rows('identity_overrides')].filter(
            (row) => row.workspace === w.workspace,
          );
    expect(people.map((row) => row.person_id)).toEqual(['other']);
  });

  it('a split that was ordered before an erasure decides first, whichever of them is read first', async () => {
    const w = begin();
    await w.touch('p', 'p', 'userId:p');
    await w.touch('p', 'p', 'email:q');
    await w.carry();
    // Of the other topic, and before the orders.
    await w.fact({ type: 'person.erased', personId: 'p', absorbed: [], hashes: [] });
    await w.order('cmd', {
      subjects: [alone('p'), alone('q')],
      were: ['p'],
      people: [
        { person: person('p'), ids: ['userId:p'], subject: alone('p'), accounts: [] },
        { person: person('q'), ids: ['email:q'], subject: alone('q'), accounts: [] },
      ],
    });
    await w.carry();
    expect(shared(await w.answers(), 'cmd').q).toEqual([['tp_2', 'q']]);
    const idsOf = async (subject: string): Promise<string[]> => {
      const page = { fence: { partition: 9, offset: '0' }, after: null, limit: 9 };
      return (await w.subjects.page(w.workspace, subject, page)).touchpoints.map((one) => one.touchpoint.id);
    };
    expect(await idsOf('p')).toEqual([]);
    expect(await idsOf('q')).toEqual(['tp_2']);
    expect(await w.subjects.waitingErasures()).toEqual([]);
  });

  it('after a squash old rows name who lives on, and a split still gives each their own', async () => {
    if (name !== 'ClickHouse') return;
    const w = begin();
    await w.touch('p', 'p', 'anonymousId:1');
    await w.touch('q', 'p', 'anonymousId:2');
    await w.fact({ type: 'person.merged', from: 'q', into: 'p', absorbed: ['q'], version: 2 });
    await w.carry();
    const stamped = async () =>
      (
        await w.history.query<{ person_id: string }>(
          'SELECT person_id FROM touchpoints WHERE workspace = {workspace: String} ORDER BY id',
          { workspace: w.workspace },
        )
      ).map((row) => row.person_id);
    await squash(w.history, START + 3_600_000);
    expect(await stamped()).toEqual(['p', 'q']);
    expect(await squash(w.history, START + 2 * 86_400_000)).toBeGreaterThan(0);
    expect(await stamped()).toEqual(['p', 'p']);
    await w.fact({ type: 'person.split', personId: 'p', into: [{ personId: 'p' }, { personId: 'q' }] });
    await w.order('cmd', {
      subjects: [alone('p'), alone('q')],
      were: ['p', 'q'],
      people: [
        { person: person('p'), ids: ['anonymousId:1'], subject: alone('p'), accounts: [] },
        { person: person('q'), ids: ['anonymousId:2'], subject: alone('q'), accounts: [] },
      ],
    });
    await w.carry();
    expect(shared(await w.answers(), 'cmd')).toEqual({ p: [['tp_1', 'p']], q: [['tp_2', 'q']] });
  });
});
