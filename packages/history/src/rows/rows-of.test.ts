import { describe, expect, it } from 'vitest';
import { encodeJson } from '@cairn/contracts/json.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import { rowsOf } from './rows-of.ts';

const record = (topic: string, value: unknown, headers: Record<string, string> = {}): LogRecord => ({
  topic,
  partition: 3,
  offset: 42n,
  at: Date.UTC(2026, 1, 28, 23, 59, 59, 999),
  key: 'default/x',
  value: value === null ? null : encodeJson(value),
  headers,
});

describe('what a record of the log becomes in the history', () => {
  it('ticks, tombstones, commands and bytes that are no JSON become nothing', () => {
    expect(rowsOf(record('journey-inbox', { type: 'x' }, { 'cairn-tick': '1' }))).toEqual([]);
    expect(rowsOf(record('journeys', null))).toEqual([]);
    expect(rowsOf(record('journey-inbox', { type: 'alert.command' }))).toEqual([]);
    expect(rowsOf({ ...record('alerts', {}), value: new TextEncoder().encode('{') })).toEqual([]);
  });

  it('a merge points everyone ever absorbed straight at the person who lives on', () => {
    const rows = rowsOf(
      record('identities', {
        type: 'person.merged',
        workspace: 'w',
        from: 'b',
        into: 'a',
        absorbed: ['c', 'b'],
        version: 7,
        at: 5,
      }),
    );
    expect(rows.map(({ row }) => [row.person_id, row.into_id])).toEqual([
      ['b', 'a'],
      ['c', 'a'],
    ]);
  });

  it('rows know the month of their partition, so that an insert never spans two', () => {
    const letter = {
      type: 'dead-letter',
      workspace: 'w',
      id: 'd',
      reason: 'missing-event',
      service: 'ingest',
      raw: '{}',
    };
    const monthOf = (at: number): number => rowsOf(record('dead-letters', { ...letter, at }))[0]!.month;
    expect(monthOf(Date.UTC(2026, 1, 28, 23, 59, 59, 999))).toBe(202602);
    expect(monthOf(Date.UTC(2026, 2, 1))).toBe(202603);
    expect(monthOf(Date.UTC(1969, 11, 31))).toBe(196912);
    expect(monthOf(Date.UTC(2024, 1, 29))).toBe(202402);
    for (let day = 0; day < 4_000; day++) {
      const at = Date.UTC(2020, 0, 1 + day);
      const date = new Date(at);
      expect(monthOf(at)).toBe(date.getUTCFullYear() * 100 + date.getUTCMonth() + 1);
    }
  });

  it('a device clock far in the future stays within what ClickHouse can hold', () => {
    const rows = rowsOf(
      record('journey-inbox', {
        type: 'touchpoint.stitched',
        workspace: 'w',
        subject: { unit: 'person', id: 'p' },
        person: null,
        account: null,
        stitchKey: '',
        touchpoint: {
          id: 't',
          messageId: 'm',
          kind: 'track',
          timestamp: 9e15,
          receivedAt: 1,
          properties: {},
          traits: {},
          context: {},
        },
      }),
    );
    expect(rows[0]!.row.timestamp).toBe(10_413_791_999_000);
  });
});
