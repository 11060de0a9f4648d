import { describe, expect, test } from 'vitest';
import { murmur2, partitionOf, TOPIC_NAMES, TOPICS } from './topics.ts';

describe('the partitioner', () => {
  // Kafka's own cases (org.apache.kafka.common.utils.UtilsTest).
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('gives for %s what Java gives', (key, hash) => {
    expect(murmur2(new TextEncoder().encode(key))).toBe(hash);
  });

  test('makes the hash positive as Java does, by dropping the sign', () => {
    expect(partitionOf('21', 8)).toBe((-973932308 & 0x7fffffff) % 8);
    expect(partitionOf('abc', 8)).toBe(479470107 % 8);
  });

  test('hashes the UTF-8 bytes, so that keys beyond ASCII agree too', () => {
    const key = 'acme/ключ😀';
    expect(partitionOf(key, 12)).toBe((murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % 12);
  });

  test('stays within the partitions and uses all of them', () => {
    const used = new Set<number>();
    for (let i = 0; i < 1_000; i++) used.add(partitionOf(`workspace/subject-${i}`, 8));
    expect([...used].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(partitionOf('anything', 1)).toBe(0);
  });
});

describe('the table of topics', () => {
  test('names each topic as its row says, with partitions for both modes', () => {
    for (const name of TOPIC_NAMES) {
      expect(TOPICS[name].name).toBe(name);
      expect(TOPICS[name].partitions).toBeGreaterThan(0);
      expect(TOPICS[name].partitionsEmbedded).toBeGreaterThan(0);
    }
  });
});
