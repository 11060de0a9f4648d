import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OTHER_WRITE_KEY, startIngestHarness, WRITE_KEY, type IngestHarness } from './testkit/ingest-harness.ts';

let harness: IngestHarness;
beforeEach(async () => {
  harness = await startIngestHarness();
});
afterEach(() => harness.stop());

const CRM = `$.kind = "ping" ? null : {
  "type": "track", "event": "Deal " & status, "userId": contact.id, "timestamp": changedAt,
  "properties": { "amount": $number(amount), "direction": "outbound" } }`;

const save = (name: string, mapping: string, workspace = 'w1'): Promise<void> =>
  harness.ports.control.put({ type: 'source.put', workspace, id: `src_${name}`, name, mapping, at: 1 });

describe('the webhook of another system', () => {
  it('is a touchpoint as its mapping says, under the name of its source', async () => {
    await save('crm', CRM);
    const deal = { status: 'Won', contact: { id: 'ann' }, amount: '12', changedAt: '2026-01-05T10:00:00Z' };
    expect(await harness.post('/v1/sources/src_crm', deal)).toMatchObject({ status: 200, body: { success: true } });
    expect(harness.touchpoints()).toMatchObject([
      {
        event: 'Deal Won',
        userId: 'ann',
        source: 'crm',
        imported: false,
        timestamp: Date.parse('2026-01-05T10:00:00Z'),
        direction: 'outbound',
        properties: { amount: 12 },
      },
    ]);
    // Sent again, it is the same touchpoint.
    await harness.post('/v1/sources/src_crm', deal);
    const [first, second] = harness.touchpoints();
    expect(second!.id).toBe(first!.id);
  });

  it('may be a form, a list, nothing, or several touchpoints', async () => {
    await save(
      'form',
      '{ "type": "track", "event": "Form Sent", "traits": { "email": email }, "context": { "traits": { "email": email } } }',
    );
    const form = new URLSearchParams({ email: 'ann@acme.com' }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await harness.post('/v1/sources/form', form, { headers })).toMatchObject({ status: 200 });
    await save('crm', CRM);
    const list = [{ kind: 'ping' }, { status: 'Lost', contact: { id: 'bob' }, amount: '1' }];
    expect(await harness.post('/v1/sources/src_crm', list)).toMatchObject({ status: 200 });
    await save('pair', '[1..2].{ "type": "track", "event": "Part " & $string($), "userId": "cat" }');
    expect(await harness.post('/v1/sources/pair', {})).toMatchObject({ status: 200 });
    expect(harness.touchpoints().map(({ event }) => event)).toEqual(['Form Sent', 'Deal Lost', 'Part 1', 'Part 2']);
    expect(harness.deadLetters()).toEqual([]);
  });

  it('is a dead letter where it cannot be mapped or admitted, and a 400 only where the sender asks for it or it is no JSON', async () => {
    await save('crm', CRM);
    const bad = { status: 'Won', contact: { id: 'ann' }, amount: 'a lot' };
    expect(await harness.post('/v1/sources/src_crm', bad)).toMatchObject({ status: 200 });
    const strict = { 'x-cairn-strict': '1' };
    expect(await harness.post('/v1/sources/src_crm', bad, { headers: strict })).toMatchObject({
      status: 400,
      body: { results: [{ status: 'refused', reason: 'schema-violation' }] },
    });
    await save('anon', '{ "type": "track", "event": "x" }');
    expect(await harness.post('/v1/sources/anon', {})).toMatchObject({ status: 200 });
    expect(await harness.post('/v1/sources/anon', '{"a":')).toMatchObject({ status: 400 });
    expect(harness.deadLetters().map(({ reason }) => reason)).toEqual([
      'schema-violation',
      'schema-violation',
      'missing-identity',
      'malformed-json',
    ]);
    expect(harness.deadLetters()[0]!.raw).toContain('a lot');
  });

  it('needs a key of the workspace whose source it is: in the header, or in the address', async () => {
    await save('anon', '{ "type": "track", "event": "x", "anonymousId": "a" }');
    expect(await harness.post('/v1/sources/anon', {}, { key: null })).toMatchObject({ status: 401 });
    expect(await harness.post('/v1/sources/anon', {}, { key: OTHER_WRITE_KEY })).toMatchObject({ status: 404 });
    expect(await harness.post('/v1/sources/none', {})).toMatchObject({ status: 404 });
    expect(await harness.post(`/v1/sources/anon?writeKey=${WRITE_KEY}`, {}, { key: null })).toMatchObject({
      status: 200,
    });
    expect(harness.touchpoints()).toHaveLength(1);
  });

  it('goes by the newest mapping, and survives one that never ends', async () => {
    await save('anon', '( $f := function($n) { $f($n + 1) }; $f(0) )');
    expect(await harness.post('/v1/sources/anon', {})).toMatchObject({ status: 200 });
    expect(harness.deadLetters()).toMatchObject([{ reason: 'schema-violation' }]);
    await save('anon', '{ "type": "track", "event": "better", "anonymousId": "a" }');
    expect(await harness.post('/v1/sources/anon', {})).toMatchObject({ status: 200 });
    expect(harness.touchpoints()).toMatchObject([{ event: 'better' }]);
  });

  it('is a mapping for an import, too', async () => {
    await save('crm', CRM);
    const rows = 'status,amount,changedAt\nWon,5,2026-01-05T10:00:00Z\n';
    await save('rows', '{ "type": "track", "event": "Deal " & status, "userId": "ann", "timestamp": changedAt }');
    const answer = await harness.post('/v1/import?format=csv&source=rows', rows);
    expect(answer).toMatchObject({ status: 200, body: { read: 1, admitted: 1 } });
    expect(harness.touchpoints()).toMatchObject([{ event: 'Deal Won', imported: true, source: 'rows' }]);
  });
});
