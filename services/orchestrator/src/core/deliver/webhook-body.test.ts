import { describe, expect, test } from 'vitest';
import type { DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { BODY_BYTES_MAX, webhookBody } from './webhook-body.ts';

const request = (data: Record<string, unknown>): DeliveryRequested => ({
  type: 'delivery.requested',
  workspace: 'ws_1',
  endpointId: 'ep_1',
  deliveryId: 'msg_1',
  factId: 'fact_1',
  factType: 'alert.opened',
  at: Date.UTC(2026, 0, 31, 8),
  journeyId: 'jrn_1',
  expiresAt: null,
  data,
});

describe('the body', () => {
  test('is type, timestamp and data, and the data has workspace and factId', () => {
    expect(JSON.parse(webhookBody(request({ id: 'alr_1' })))).toEqual({
      type: 'alert.opened',
      timestamp: '2026-01-31T08:00:00.000Z',
      data: { id: 'alr_1', workspace: 'ws_1', factId: 'fact_1' },
    });
  });

  test('is not shortened up to 20,000 bytes, counted as UTF-8', () => {
    const empty = Buffer.byteLength(webhookBody(request({ text: '' })));
    const exact = webhookBody(request({ text: 'é'.repeat((BODY_BYTES_MAX - empty) / 2) }));
    expect(Buffer.byteLength(exact)).toBe(BODY_BYTES_MAX);
    expect(JSON.parse(exact).data.shortened).toBeUndefined();
  });

  test('over it the largest members go first and are named; workspace, factId and ids stay', () => {
    const body = webhookBody(
      request({ id: 'alr_1', kind: 'stall', big: 'x'.repeat(30_000), small: 1, journey: { a: 'y'.repeat(10_000) } }),
    );
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(BODY_BYTES_MAX);
    expect(JSON.parse(body).data).toEqual({
      id: 'alr_1',
      kind: 'stall',
      small: 1,
      journey: { a: 'y'.repeat(10_000) },
      workspace: 'ws_1',
      factId: 'fact_1',
      shortened: ['big'],
    });
  });

  test('stays within the limit however the data is made', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`member-${i}-${'n'.repeat(50)}`, i]));
    for (const data of [many, { id: 'x'.repeat(50_000) }, { shortened: 'x'.repeat(50_000) }]) {
      const body = webhookBody(request(data));
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(BODY_BYTES_MAX);
      expect(JSON.parse(body).data).toMatchObject({ workspace: 'ws_1', factId: 'fact_1' });
    }
  });

  test('the data cannot replace workspace and factId', () => {
    const { data } = JSON.parse(webhookBody(request({ workspace: 'ws_other', factId: 'other' })));
    expect(data).toEqual({ workspace: 'ws_1', factId: 'fact_1' });
  });
});
