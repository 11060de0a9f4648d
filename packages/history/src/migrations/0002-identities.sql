ALTER TABLE touchpoints ADD COLUMN IF NOT EXISTS group_id String AFTER account_id;
ALTER TABLE touchpoints ADD COLUMN IF NOT EXISTS previous_id String AFTER anonymous_id;
ALTER TABLE touchpoints ADD COLUMN IF NOT EXISTS original_timestamp String AFTER timestamp;

CREATE TABLE IF NOT EXISTS touchpoint_moves (
  workspace LowCardinality(String),
  touchpoint_id String,
  stamped_subject_id String,
  subject_id String,
  account_id String,
  person_id String,
  job String,
  version UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY tuple()
ORDER BY (workspace, touchpoint_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS rederivations (
  workspace LowCardinality(String),
  job String,
  subject_id String,
  version UInt64,
  at DateTime64(3, 'UTC'),
  message String CODEC(ZSTD(1)),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace, job, subject_id)
TTL toDateTime(at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS erasures (
  workspace LowCardinality(String),
  person_id String,
  at DateTime64(3, 'UTC'),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree
PARTITION BY tuple()
ORDER BY (workspace, person_id)
SETTINGS non_replicated_deduplication_window = 1000;
