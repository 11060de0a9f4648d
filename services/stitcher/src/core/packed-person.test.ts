import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packStored, unpackStored } from './packed-person.ts';
import type { PersonRecord } from './person-record.ts';

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const stored = (value: unknown): unknown => asJson(packStored(value));

const at = fc.oneof(
  fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
  fc.constantFrom(0, -1, 1_700_000_000_000.5),
);
const text = fc.string({ maxLength: 8 });
const key = fc.constantFrom('userId:u1', 'email:a@b.de', 'anonymousId:x', 'email:null');
const traits = fc.dictionary(
  text.filter((name) => name !== '__proto__'),
  fc.oneof(text, fc.integer(), fc.constant(null)),
);
const traitTimes = fc.oneof(at, fc.constant({ name: 1_700_000_000_000 }));
const membership = fc.record(
  {
    source: fc.constantFrom('link' as const, 'group' as const, 'crm' as const, 'domain' as const),
    of: text,
    from: at,
    to: at,
    seen: at,
    by: key,
  },
  { requiredKeys: ['source', 'of', 'from'] },
);
const person: fc.Arbitrary<PersonRecord> = fc.record(
  {
    order: fc.nat(),
    createdAt: at,
    version: fc.nat(),
    ids: fc.array(key, { minLength: 2, maxLength: 2 }),
    since: fc.oneof(fc.constant([0, 0]), fc.tuple(fc.integer(), fc.integer())),
    raw: fc.dictionary(key, text),
    edges: fc.array(fc.tuple(text, fc.nat(), fc.nat())),
    marks: fc.dictionary(key, fc.constantFrom('shared' as const, 'quarantined' as const)),
    traits,
    traitTimes,
    sources: fc.dictionary(key, fc.record({ traits, traitTimes })),
    memberships: fc.array(membership),
    visited: fc.array(text),
    mergedFrom: fc.array(text),
    told: fc.array(text),
    alone: fc.constant(true as const),
  },
  { requiredKeys: ['order', 'createdAt', 'version', 'ids', 'since'] },
);

describe('a person as it is stored', () => {
  it('is read back as it was, and is stored in the same bytes again', () => {
    fc.assert(
      fc.property(person, (one) => {
        const packed = stored(one);
        const read = unpackStored(packed);
        expect(read).toEqual(asJson(one));
        expect(JSON.stringify(packStored(read))).toBe(JSON.stringify(packed));
      }),
    );
  });

  it('is read as it is where an older Cairn wrote it, and takes its new form when it is written', () => {
    fc.assert(
      fc.property(person, (one) => {
        const old = asJson(one);
        expect(unpackStored(old)).toEqual(old);
        expect(packStored(old)).toEqual(packStored(one));
      }),
    );
  });

  it('keeps what it has no place for: a newer Cairn may have written it', () => {
    const newer = { order: 1, createdAt: 2, version: 3, ids: ['userId:u1'], since: [0], hat: 'red' };
    expect(unpackStored(stored(newer))).toEqual(newer);
    const { hat, ...known } = { ...newer, memberships: [{ source: 'link', of: 'a', from: 5, hat: newer.hat }] };
    expect(hat).toBe('red');
    expect(unpackStored(stored(known))).toEqual(known);
  });

  it('is a list; all else of the state stays as it is', () => {
    expect(stored({ order: 1, createdAt: 2, version: 3, ids: ['userId:u1'], since: [0] })).toEqual([
      ...['p1', 1, 2, 3],
      ...[['userId:u1'], 0],
    ]);
    const others = ['e44aef35', { into: null, version: 1, order: 0, createdAt: 5 }, ['p2', 1], [], 7, true, null];
    for (const value of others) {
      expect(stored(value)).toEqual(value);
      expect(unpackStored(value)).toEqual(value);
    }
  });
});
