import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isOfErased } from './erased-letter.ts';

const hash = (key: string): string => createHash('sha256').update('w').update(' ').update(key).digest('base64url');
const HASHES = [
  hash('email:ann@acme.example'),
  hash('email:ann@xn--bcher-kva.example'),
  hash('userId:u-17'),
  hash('userId:9007199254740993'),
  hash('phone:+447700900777'),
];
const is = (raw: unknown, ids: readonly string[] = []): boolean => isOfErased('w', raw, HASHES, ids);

describe('a dead letter is of an erased person', () => {
  test('when it holds one of the identifiers, in whatever spelling', () => {
    expect(is(JSON.stringify({ type: 'track', userId: ' u-17 ' }))).toBe(true);
    expect(is(JSON.stringify({ traits: { email: ' Ann@Acme.example' } }))).toBe(true);
    expect(is(JSON.stringify({ context: { traits: { phone: '+44 7700 900-777' } } }))).toBe(true);
    expect(is(JSON.stringify({ traits: { email: 'Ann@b\u00fccher.example' } }))).toBe(true);
    expect(is(JSON.stringify({ userId: '\u200bu-17\ufeff' }))).toBe(true);
    expect(is('{"userId":9007199254740993}')).toBe(true);
    expect(is('{"userId":9007199254740992}')).toBe(false);
    expect(is({ type: 'touchpoint.stitched', touchpoint: { userId: 'u-17', context: {} } })).toBe(true);
    expect(is(JSON.stringify({ type: 'track', userId: 'u-18', traits: { email: 'bob@acme.example' } }))).toBe(false);
  });

  test('when it is a row of a table, or JSON that was cut', () => {
    expect(is('2026-01-01;Ann@acme.example;Demo Requested')).toBe(true);
    expect(is('{"type":"track","userId":"u-17","properties":{"text":"looooo')).toBe(true);
    expect(is('2026-01-01;bob@acme.example;u-170')).toBe(false);
  });

  test('when it names the person by id, as a webhook that was never delivered does', () => {
    const body = JSON.stringify({ type: 'alert.opened', data: { reason: { quietPersonId: 'per_ann' } } });
    expect(is(body, ['per_ann'])).toBe(true);
    expect(is(body, ['per_bob'])).toBe(false);
  });
});
