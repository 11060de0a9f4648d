/**
 * How long compaction keeps a tombstone after its key was last written: as Kafka does (delete.retention.ms, one day), so that a
 * follower that was away for less than that learns of the removal.
 */
export const TOMBSTONE_KEPT_MS = 24 * 3_600_000;
