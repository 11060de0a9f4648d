import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { committedRecords, decodeRecordBatches, encodeRecordBatch, type ReadBatch } from './kafka-record-batch.ts';

const require = createRequire(import.meta.url);

describe('record batches', () => {
  it('have the checksum that the standard gives for "123456789"', () => {
    const bytes = Buffer.from('xx123456789');
    expect(crc32c(bytes, 2, bytes.length)).toBe(0xe3069283);
  });

  it('come back as they were written, whatever the keys, values and headers', () => {
    const record = fc.record({
      key: fc.string({ unit: 'binary' }),
      value: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null }),
      headers: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), fc.boolean(), (records, transactional) => {
        const bytes = encodeRecordBatch({
          records,
          producerId: 9_007_199_254_740_993n,
          producerEpoch: 7,
          sequence: 41,
          transactional,
          timestamp: 1_764_000_000_123,
        });
        const [batch, ...rest] = decodeRecordBatches(bytes);
        expect(rest).toEqual([]);
        expect(batch).toMatchObject({
          producerId: 9_007_199_254_740_993n,
          transactional,
          control: null,
          lastOffset: BigInt(records.length - 1),
        });
        expect(
          batch!.records.map((r) => ({
            key: r.key!.toString(),
            value: r.value && new Uint8Array(r.value),
            headers: { ...r.headers },
          })),
        ).toEqual(
          records.map((r) => ({ key: Buffer.from(r.key).toString(), value: r.value, headers: { ...r.headers } })),
        );
        expect(batch!.records.every((r) => r.at === 1_764_000_000_123)).toBe(true);
      }),
      {
        numRuns: 100,
        examples: [[[{ key: '', value: null, headers: Object.fromEntries([['__proto__', '']]) }], false]],
      },
    );
  });

  it('are read by kafkajs’s own decoder', async () => {
    type KafkajsRecord = { offset: string; key: Buffer; value: Buffer; headers: Record<string, Buffer> };
    const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
    const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
      decoder: object,
    ) => Promise<{ records: KafkajsRecord[] }>;
    const records = Array.from({ length: 200 }, (_, i) => ({
      key: `key-${i}`,
      value: Buffer.alloc(i, i),
      headers: { n: String(i) },
    }));
    const bytes = encodeRecordBatch({
      records,
      producerId: 5n,
      producerEpoch: 0,
      sequence: 0,
      transactional: true,
      timestamp: 1,
    });
    const decoded = await decode(new Decoder(bytes));
    expect(decoded.records.map((r) => [r.offset, r.key.toString(), r.value.length, r.headers.n!.toString()])).toEqual(
      records.map((r, i) => [String(i), r.key, i, String(i)]),
    );
  });

  it('that are cut off at the end of a fetch are left for the next one', () => {
    const bytes = encodeRecordBatch({
      records: [{ key: 'a', value: null }],
      producerId: -1n,
      producerEpoch: -1,
      sequence: -1,
      transactional: false,
      timestamp: 0,
    });
    expect(decodeRecordBatches(Buffer.concat([bytes, bytes.subarray(0, bytes.length - 1)]))).toHaveLength(1);
  });
});

describe('the committed records of a fetched stretch', () => {
  const data = (from: number, to: number, producer: number, transactional = true, keep?: number[]): ReadBatch => ({
    baseOffset: BigInt(from),
    lastOffset: BigInt(to),
    producerId: BigInt(producer),
    transactional,
    control: null,
    records: (keep ?? Array.from({ length: to - from + 1 }, (_, i) => from + i)).map((offset) => ({
      offset: BigInt(offset),
      at: 0,
      key: null,
      value: null,
      headers: {},
    })),
  });
  const marker = (at: number, producer: number, control: 'commit' | 'abort'): ReadBatch => ({
    baseOffset: BigInt(at),
    lastOffset: BigInt(at),
    producerId: BigInt(producer),
    transactional: true,
    control,
    records: [],
  });
  const offsets = (result: { records: { offset: bigint }[] }): number[] =>
    result.records.map((record) => Number(record.offset));

  it('leave out what was aborted, and only that, when transactions interleave', () => {
    const batches = [
      data(0, 1, 1),
      data(2, 3, 2),
      marker(4, 1, 'abort'),
      data(5, 5, 1),
      marker(6, 2, 'commit'),
      marker(7, 1, 'commit'),
      data(8, 8, 1, false),
    ];
    const result = committedRecords(batches, [{ producerId: 1n, firstOffset: 0n }], 0n);
    expect(offsets(result)).toEqual([2, 3, 5, 8]);
    expect(result.nextOffset).toBe(9n);
  });

  it('start in the middle of a batch, and never before', () => {
    expect(offsets(committedRecords([data(0, 9, 1, false)], [], 4n))).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('let the reader go on past an empty batch, a compacted end and a marker', () => {
    expect(committedRecords([data(0, 9, 1, false, [])], [], 0n).nextOffset).toBe(10n);
    expect(committedRecords([data(0, 9, 1, false, [2, 3])], [], 0n).nextOffset).toBe(10n);
    expect(committedRecords([data(0, 0, 1), marker(1, 1, 'commit')], [], 0n).nextOffset).toBe(2n);
    expect(committedRecords([], [], 7n).nextOffset).toBe(7n);
  });
});
