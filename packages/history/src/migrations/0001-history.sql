CREATE TABLE IF NOT EXISTS touchpoints (
  workspace LowCardinality(String),
  subject_id String,
  subject_unit LowCardinality(String),
  id String,
  message_id String,
  kind LowCardinality(String),
  event LowCardinality(String),
  name String,
  timestamp DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  stitched_at DateTime64(3, 'UTC'),
  direction LowCardinality(String),
  channel LowCardinality(String),
  person_id String,
  account_id String,
  stitch_key String,
  user_id String,
  anonymous_id String,
  source LowCardinality(String),
  imported Bool,
  bot Bool,
  properties String CODEC(ZSTD(1)),
  traits String CODEC(ZSTD(1)),
  context String CODEC(ZSTD(1)),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMM(stitched_at)
ORDER BY (workspace, subject_id, timestamp, id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS journey_changes (
  workspace LowCardinality(String),
  definition LowCardinality(String),
  journey_id String,
  subject_id String,
  seq UInt64,
  fact_id String,
  at DateTime64(3, 'UTC'),
  stage LowCardinality(String),
  from_stage LowCardinality(String),
  status LowCardinality(String),
  events Array(LowCardinality(String)),
  touchpoint_id String,
  event LowCardinality(String),
  channel LowCardinality(String),
  direction LowCardinality(String),
  touchpoint_at DateTime64(3, 'UTC'),
  person_id String,
  engagement Float64,
  fit Float64,
  qualification LowCardinality(String),
  imported Bool,
  cause String,
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace, definition, journey_id, seq)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS alert_facts (
  workspace LowCardinality(String),
  at DateTime64(3, 'UTC'),
  fact_id String,
  type LowCardinality(String),
  alert_id String,
  journey_id String,
  definition LowCardinality(String),
  stage LowCardinality(String),
  kind LowCardinality(String),
  state LowCardinality(String),
  resolved_by LowCardinality(String),
  verdict LowCardinality(String),
  owner String,
  quiet_person_id String,
  imported Bool,
  alert String CODEC(ZSTD(1)),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace, journey_id, at, fact_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS delivery_attempts (
  workspace LowCardinality(String),
  endpoint_id String,
  delivery_id String,
  fact_id String,
  fact_type LowCardinality(String),
  at DateTime64(3, 'UTC'),
  type LowCardinality(String),
  state LowCardinality(String),
  attempts UInt16,
  status UInt16,
  code LowCardinality(String),
  duration_ms UInt32,
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace, endpoint_id, at, delivery_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS people (
  workspace LowCardinality(String),
  person_id String,
  version UInt64,
  at DateTime64(3, 'UTC'),
  merged_into String,
  name String,
  person String CODEC(ZSTD(1)),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY tuple()
ORDER BY (workspace, person_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS identity_overrides (
  workspace LowCardinality(String),
  person_id String,
  into_id String,
  version UInt64,
  at DateTime64(3, 'UTC'),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY tuple()
ORDER BY (workspace, person_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS subject_overrides (
  workspace LowCardinality(String),
  subject_id String,
  into_id String,
  version UInt64,
  at DateTime64(3, 'UTC'),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY tuple()
ORDER BY (workspace, subject_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS dead_letters (
  workspace LowCardinality(String),
  id String,
  at DateTime64(3, 'UTC'),
  reason LowCardinality(String),
  service LowCardinality(String),
  message_id String,
  error String,
  raw String CODEC(ZSTD(1)),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace, at, id)
TTL toDateTime(at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS sink_plans (
  sink LowCardinality(String),
  number UInt64,
  ranges String,
  at DateTime64(3, 'UTC')
) ENGINE = MergeTree
ORDER BY (sink, number)
TTL toDateTime(at) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 1000;
