import { describe, expect, it } from 'vitest';
import { cleanObject, DEPTH_MAX, isNothing, normaliseEmail, normalisePhone, normaliseTraits } from './normalise.ts';

describe('a value that says nothing', () => {
  it.each([null, undefined, '', '   ', 'null', 'NULL', ' undefined ', 'NaN', '[object Object]'])('%j', (value) =>
    expect(isNothing(value)).toBe(true),
  );
  it.each([0, false, '0', 'none', 'nullable', [], {}, 'x'])('%j says something', (value) =>
    expect(isNothing(value)).toBe(false),
  );
});

describe('cleaning an object', () => {
  it('removes what says nothing, at every depth, and keeps places in lists', () => {
    const dirty = { a: 1, b: null, c: '', d: { e: 'undefined', f: 0 }, g: [null, { h: 'null', i: false }] };
    expect(cleanObject(dirty)).toEqual({ a: 1, d: { f: 0 }, g: [null, { i: false }] });
  });
  it('does not change its input', () => {
    const dirty = Object.freeze({ a: Object.freeze({ b: '', c: 1 }), d: 'null' });
    expect(cleanObject(dirty)).toEqual({ a: { c: 1 } });
  });
  it('returns a clean object as it is', () => {
    const clean = { a: 1, b: { c: ['x', { d: true }] } };
    expect(cleanObject(clean)).toBe(clean);
  });
  it('removes a __proto__ key, which would change the prototype of a copy', () => {
    const trap = JSON.parse('{"a":1,"b":"","__proto__":{"admin":true}}') as Record<string, unknown>;
    const cleaned = cleanObject(trap)!;
    expect(cleaned).toEqual({ a: 1 });
    expect((cleaned as { admin?: unknown }).admin).toBeUndefined();
  });
  it('gives up on what is nested too deep, objects and lists alike', () => {
    const nest = (levels: number, list: boolean): Record<string, unknown> => {
      let value: unknown = 1;
      for (let i = 1; i < levels; i++) value = list ? [value] : { value };
      return { value };
    };
    for (const list of [true, false]) {
      expect(cleanObject(nest(DEPTH_MAX, list))).not.toBeNull();
      expect(cleanObject(nest(DEPTH_MAX + 1, list))).toBeNull();
    }
    expect(cleanObject(nest(100_000, true))).toBeNull();
  });
});

describe('e-mail and phone', () => {
  it.each([
    [' Anna@Example.COM ', 'anna@example.com'],
    ['mailto:anna@example.com', 'anna@example.com'],
    ['a.b+c@gmail.com', 'a.b+c@gmail.com'],
  ])('%j becomes %j', (email, expected) => expect(normaliseEmail(email)).toBe(expected));

  it.each([
    ['+48 600 100 200', null, '+48600100200'],
    ['0048 600 100 200', null, '+48600100200'],
    ['600 100 200', 'PL', '+48600100200'],
    ['(415) 555-2671', 'US', '+14155552671'],
    ['600 100 200', null, null],
    ['600 100 200', 'XX', null],
    ['12', 'PL', null],
    ['call me', 'PL', null],
    ['9'.repeat(100), 'PL', null],
  ])('%j in %j becomes %j', (phone, country, expected) => expect(normalisePhone(phone, country)).toBe(expected));

  it('reads the country of a phone from the person’s own traits', () => {
    expect(normaliseTraits({ phone: '600 100 200', address: { country: 'pl' } })).toMatchObject({
      phone: '+48600100200',
    });
    expect(normaliseTraits({ phone: '600 100 200' })).toEqual({ phone: '600 100 200' });
  });
  it('leaves traits of other types alone', () => {
    const traits = { email: 5, phone: ['x'] };
    expect(normaliseTraits(traits)).toBe(traits);
  });
});

it('white space of every kind says nothing', () => {
  const all = Array.from({ length: 0xffff }, (_, code) => String.fromCharCode(code));
  expect(all.filter((text) => isNothing(text) !== (text.trim() === ''))).toEqual([]);
});
