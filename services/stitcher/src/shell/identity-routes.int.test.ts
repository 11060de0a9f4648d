import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStitcherOverHttp, type StitcherOverHttp } from '../testkit/stitcher-over-http.ts';

let stitcher: StitcherOverHttp;
beforeAll(async () => void (stitcher = await startStitcherOverHttp()));
afterAll(() => stitcher.stop());

/** Two people: one with a userId, one with an address. */
async function twoPeople(name: string): Promise<[string, string]> {
  const [one, other] = await stitcher.say(
    'w1',
    { type: 'track', userId: name },
    { type: 'identify', anonymousId: `a-${name}`, traits: { email: `${name}@gmail.com` } },
  );
  return [one!.person!.id, other!.person!.id];
}

describe('commands about identities over HTTP', () => {
  it('answer with the facts that followed, their times in ISO-8601', async () => {
    const [into, from] = await twoPeople('merged');
    const { status, body } = await stitcher.ask('POST', '/api/identity/merge', { from, into });
    expect(status).toBe(200);
    const facts = body.facts as {
      type: string;
      at: string;
      person?: { ids: { firstSeen: string }[]; mergedInto: string | null };
    }[];
    expect(facts.map(({ type }) => type).sort()).toEqual(['person.changed', 'person.changed', 'person.merged']);
    expect(facts[0]).toMatchObject({ type: 'person.merged', from, into, absorbed: [from] });
    for (const fact of facts) expect(fact.at).toMatch(/^\d{4}-\d\d-\d\dT.*\.\d{3}Z$/);
    const survivor = facts.find(({ person }) => person?.mergedInto === null)!.person!;
    expect(survivor.ids).toHaveLength(3);
    expect(survivor.ids[0]!.firstSeen).toMatch(/Z$/);
  });

  it('split, erase, link and unlink what they name', async () => {
    const [personId, from] = await twoPeople('whole');
    await stitcher.ask('POST', '/api/identity/merge', { from, into: personId });
    const cut = [{ namespace: 'email', value: 'whole@gmail.com' }];
    const split = await stitcher.ask('POST', '/api/identity/split', { personId, cut });
    expect(split.status).toBe(200);
    expect((split.body.facts as { type: string }[])[0]).toMatchObject({ type: 'person.changed' });

    const [grouped] = await stitcher.say('w1', { type: 'group', userId: 'other', groupId: 'g1' });
    const accountId = grouped!.account!.id;
    expect((await stitcher.ask('POST', '/api/identity/link', { personId, accountId })).status).toBe(200);
    expect((await stitcher.say('w1', { type: 'track', userId: 'whole' }))[0]!.subject).toEqual({
      unit: 'account',
      id: accountId,
    });
    expect((await stitcher.ask('POST', '/api/identity/unlink', { personId, accountId })).status).toBe(200);
    expect((await stitcher.ask('POST', '/api/identity/unlink', { personId, accountId })).status).toBe(409);

    const dryRun = await stitcher.ask('POST', '/api/identity/erase', { personId, dryRun: true });
    expect(dryRun.body.facts).toMatchObject([
      { type: 'erase.dry-run', personId, ids: [{ namespace: 'userId', value: 'whole' }] },
    ]);
    expect((await stitcher.ask('POST', '/api/identity/erase', { personId })).status).toBe(200);
    const again = await stitcher.say('w1', { type: 'track', userId: 'whole' });
    expect(again[0]!.person!.id).not.toBe(personId);
  });

  it('say why they cannot be carried out, and change nothing', async () => {
    const [one, other] = await twoPeople('kept');
    const [known] = await stitcher.say('w1', { type: 'track', userId: 'kept-2' });
    const before = (await stitcher.records('identities')).length;
    const nobody = '00000000-0000-5000-8000-000000000000';
    const cases: [string, unknown, number, string][] = [
      ['merge', { from: one, into: known!.person!.id }, 409, 'cannot-merge-known'],
      ['merge', { from: nobody, into: one }, 404, 'unknown-person'],
      ['split', { personId: other, cut: [{ namespace: 'userId', value: 'kept' }] }, 422, 'unknown-identifier'],
      ['split', { personId: one, cut: [{ namespace: 'userId', value: 'kept' }] }, 422, 'nothing-stays'],
      ['link', { personId: one, accountId: 'acc_none' }, 404, 'unknown-account'],
    ];
    for (const [command, body, status, code] of cases)
      expect(await stitcher.ask('POST', `/api/identity/${command}`, body)).toMatchObject({
        status,
        body: { status, code },
      });
    const facts = (await stitcher.records('identities')).slice(before);
    expect(facts.map(({ message }) => message!.type)).toEqual(cases.map(() => 'command.answered'));
  });

  it('are refused with what is wrong where they cannot be read', async () => {
    const cases: [string, unknown, number][] = [
      ['merge', '{no json', 400],
      ['merge', '[]', 422],
      ['merge', { from: 'x' }, 422],
      ['merge', { from: 'x', into: 7 }, 422],
      ['merge', { from: 'x', into: 'y', now: true }, 422],
      ['split', { personId: 'x', cut: [] }, 422],
      ['split', { personId: 'x', cut: [{ namespace: 'email' }] }, 422],
      ['split', { personId: 'x', cut: 'email' }, 422],
      ['erase', { personId: 'x', dryRun: 'yes' }, 422],
      ['nothing', {}, 404],
    ];
    for (const [command, body, status] of cases)
      expect((await stitcher.ask('POST', `/api/identity/${command}`, body)).status, JSON.stringify(body)).toBe(status);
  });

  it('need the scope: admin, or act for memberships', async () => {
    const body = { personId: 'x', accountId: 'y', from: 'x', into: 'y' };
    const ask = async (command: string, token: string): Promise<number> =>
      (await stitcher.ask('POST', `/api/identity/${command}`, body, token)).status;
    expect(await ask('merge', 'act:w1')).toBe(403);
    expect(await ask('link', 'read:w1')).toBe(403);
    expect(await ask('link', 'ingest:w1')).toBe(403);
    expect(await ask('link', 'nonsense')).toBe(401);
    expect((await stitcher.ask('PUT', '/api/identity/settings', {}, 'act:w1')).status).toBe(403);
  });

  it("do not reach another workspace's people", async () => {
    const [one, other] = await twoPeople('theirs');
    expect((await stitcher.ask('POST', '/api/identity/merge', { from: one, into: other }, 'admin:w2')).status).toBe(
      404,
    );
    expect(
      (await stitcher.ask('POST', '/api/identity/erase', { personId: one, dryRun: true }, 'admin:w2')).status,
    ).toBe(404);
  });

  it('change the settings of the workspace for what comes after', async () => {
    const shared = [
      { type: 'identify', userId: 's1', anonymousId: 'kiosk' },
      { type: 'identify', userId: 's2', anonymousId: 'kiosk' },
      { type: 'page', anonymousId: 'kiosk' },
    ] as const;
    expect((await stitcher.ask('PUT', '/api/identity/settings', { sharedDevices: 'last' }, 'admin:w3')).status).toBe(
      200,
    );
    const [, second, alone] = await stitcher.say('w3', ...shared);
    expect(alone!.person!.id).toBe(second!.person!.id);
    const wrong = await stitcher.ask(
      'PUT',
      '/api/identity/settings',
      { sharedDevices: 'both', colour: 'red' },
      'admin:w3',
    );
    expect(wrong).toMatchObject({ status: 422, body: { code: 'malformed-command' } });
    expect(wrong.body.title).toContain('colour is no setting');
    // As they hold, and so that they can be sent again.
    const held = await stitcher.ask('GET', '/api/identity/settings', undefined, 'read:w3');
    expect(held).toMatchObject({ status: 200, body: { sharedDevices: 'last', quarantineAbove: 20 } });
    const again = await stitcher.ask('PUT', '/api/identity/settings', held.body, 'admin:w3');
    expect(again).toMatchObject({ status: 200, body: { facts: [{ settings: held.body }] } });
  });
});
