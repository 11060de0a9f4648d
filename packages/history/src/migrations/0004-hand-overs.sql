CREATE TABLE IF NOT EXISTS subject_hand_overs (
  workspace LowCardinality(String),
  subject_id String,
  into_id String,
  version UInt64,
  at DateTime64(3, 'UTC'),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY tuple()
ORDER BY (workspace, subject_id, log_offset)
SETTINGS non_replicated_deduplication_window = 1000;

INSERT INTO subject_hand_overs (workspace, subject_id, into_id, version, at, log_partition, log_offset)
SELECT workspace, subject_id, into_id, version, at, log_partition, log_offset FROM subject_overrides FINAL;
