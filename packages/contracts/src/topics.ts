/**
 * Every topic: its key, its partitions, how long it is kept and why. Partitions are always computed here (`partitionOf`), never
 * by a client library, so that Java, Node and a replay agree.
 */
export type TopicName =
  | 'touchpoints'
  | 'identities'
  | 'journey-inbox'
  | 'journeys'
  | 'alerts'
  | 'actions'
  | 'delivery-inbox'
  | 'deliveries'
  | 'control'
  | 'dead-letters';

export interface TopicSpec {
  name: TopicName;
  key: string;
  /** What decides the partition. */
  partitionedBy: 'workspace' | 'subject' | 'endpoint' | 'one';
  /** On Kafka. */
  partitions: number;
  /** In one process more partitions only cost more commits. */
  partitionsEmbedded: number;
  cleanup: 'delete' | 'compact';
  /** null: for ever. */
  retentionMs: number | null;
  /** How long every record of a compacted topic is kept before only the newest of its key is. */
  minCompactionLagMs?: number;
  why: string;
}

const DAY = 86_400_000;

export const TOPICS: Readonly<Record<TopicName, TopicSpec>> = {
  touchpoints: {
    name: 'touchpoints',
    key: 'workspace',
    partitionedBy: 'workspace',
    partitions: 8,
    partitionsEmbedded: 1,
    cleanup: 'delete',
    retentionMs: 7 * DAY,
    why: 'the stitcher’s inbox: admitted touchpoints, identity commands; one writer a workspace, so stitching is serial and replayable',
  },
  identities: {
    name: 'identities',
    key: 'workspace/person',
    partitionedBy: 'workspace',
    partitions: 8,
    partitionsEmbedded: 1,
    cleanup: 'compact',
    retentionMs: null,
    why: 'facts: people, mappings, merges, splits, memberships, decisions',
  },
  'journey-inbox': {
    name: 'journey-inbox',
    key: 'workspace/subject',
    partitionedBy: 'subject',
    partitions: 8,
    partitionsEmbedded: 2,
    cleanup: 'delete',
    retentionMs: 7 * DAY,
    why: 'the orchestrator’s inbox: stitched touchpoints, hand-overs, commands of people, definitions, endpoints, action results',
  },
  journeys: {
    name: 'journeys',
    key: 'workspace/subject/definition',
    partitionedBy: 'subject',
    partitions: 8,
    partitionsEmbedded: 2,
    cleanup: 'compact',
    retentionMs: null,
    minCompactionLagMs: 7 * DAY,
    why: 'journey state after each change, with seq; the view is rebuilt from it',
  },
  alerts: {
    name: 'alerts',
    key: 'workspace/subject',
    partitionedBy: 'subject',
    partitions: 8,
    partitionsEmbedded: 2,
    cleanup: 'delete',
    // A quarter: longer than any report looks back (28 days), and a rebuilt view has what is open from `journeys`.
    retentionMs: 90 * DAY,
    why: 'facts of alerts, each with the whole alert after it',
  },
  actions: {
    name: 'actions',
    key: 'workspace/subject',
    partitionedBy: 'subject',
    partitions: 8,
    partitionsEmbedded: 2,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    why: 'facts of next best actions and outreach',
  },
  'delivery-inbox': {
    name: 'delivery-inbox',
    key: 'workspace/endpoint',
    partitionedBy: 'endpoint',
    partitions: 8,
    partitionsEmbedded: 1,
    cleanup: 'delete',
    retentionMs: 7 * DAY,
    why: 'the deliverer’s inbox: deliveries to make, endpoint changes, results of attempts',
  },
  deliveries: {
    name: 'deliveries',
    key: 'workspace/endpoint',
    partitionedBy: 'endpoint',
    partitions: 8,
    partitionsEmbedded: 1,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    why: 'facts: every webhook attempt, each with the whole delivery after it',
  },
  control: {
    name: 'control',
    key: 'workspace/kind/id',
    partitionedBy: 'one',
    partitions: 1,
    partitionsEmbedded: 1,
    cleanup: 'compact',
    retentionMs: null,
    why: 'workspaces, tokens (hashed), definitions, endpoints, sources',
  },
  'dead-letters': {
    name: 'dead-letters',
    key: 'workspace',
    partitionedBy: 'workspace',
    partitions: 8,
    partitionsEmbedded: 1,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    why: 'what could not be processed, and why',
  },
};

export const TOPIC_NAMES: readonly TopicName[] = Object.keys(TOPICS) as TopicName[];

const encoder = new TextEncoder();

/** Kafka's own partitioner: murmur2 of the key's UTF-8 bytes, made positive, modulo the number of partitions. Tested against Java's vectors. */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  return (murmur2(bytesOf(key)) & 0x7fffffff) % partitions;
}

/** Keys are short and nearly always ASCII: written into one buffer that is used again (0.2 µs instead of 0.9). */
const scratch = new Uint8Array(256);

function bytesOf(key: string): Uint8Array {
  if (key.length > scratch.length) return encoder.encode(key);
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code > 127) return encoder.encode(key);
    scratch[i] = code;
  }
  return scratch.subarray(0, key.length);
}

export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length - i;
  if (rest >= 3) h ^= data[i + 2]! << 16;
  if (rest >= 2) h ^= data[i + 1]! << 8;
  if (rest >= 1) {
    h ^= data[i]!;
    h = Math.imul(h, m);
  }
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h | 0;
}

/** The keys that decide the partitions. */
export const keyOf = {
  workspace: (workspace: string): string => workspace,
  person: (workspace: string, personId: string): string => `${workspace}/${personId}`,
  subject: (workspace: string, subjectId: string): string => `${workspace}/${subjectId}`,
  journey: (workspace: string, subjectId: string, definition: string): string =>
    `${workspace}/${subjectId}/${definition}`,
  endpoint: (workspace: string, endpointId: string): string => `${workspace}/${endpointId}`,
  control: (workspace: string, kind: string, id: string): string => `${workspace}/${kind}/${id}`,
};
