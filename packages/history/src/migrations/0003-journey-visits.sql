ALTER TABLE journey_changes ADD COLUMN IF NOT EXISTS journey_key UInt64 MATERIALIZED cityHash64(journey_id);

CREATE TABLE IF NOT EXISTS journey_visits (
  workspace LowCardinality(String),
  definition LowCardinality(String),
  journey_id String,
  journey_key UInt64 MATERIALIZED cityHash64(journey_id),
  subject_id String,
  seq UInt64,
  unit LowCardinality(String),
  status LowCardinality(String),
  absorbed_into String,
  started_at DateTime64(3, 'UTC'),
  ended_at DateTime64(3, 'UTC'),
  stages Array(LowCardinality(String)),
  entered Array(DateTime64(3, 'UTC')),
  owner String,
  qualification LowCardinality(String),
  roles Array(LowCardinality(String)),
  channels Array(LowCardinality(String)),
  traits String CODEC(ZSTD(1)),
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree(seq)
PARTITION BY tuple()
ORDER BY (workspace, definition, journey_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS journey_rebuilds (
  workspace LowCardinality(String),
  definition LowCardinality(String),
  journey_id String,
  log_partition UInt16,
  log_offset UInt64
) ENGINE = ReplacingMergeTree
PARTITION BY tuple()
ORDER BY (workspace, definition, journey_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS touchpoint_values (
  workspace LowCardinality(String),
  kind LowCardinality(String),
  at DateTime64(3, 'UTC'),
  touchpoint_id String,
  event LowCardinality(String),
  channel LowCardinality(String),
  subject_id String,
  person_id String,
  value Float64,
  log_partition UInt16,
  log_offset UInt64
) ENGINE = MergeTree
PARTITION BY tuple()
ORDER BY (workspace, kind, at, touchpoint_id)
SETTINGS non_replicated_deduplication_window = 1000;

INSERT INTO journey_visits (workspace, definition, journey_id, subject_id, seq, status, started_at, ended_at, stages, entered)
SELECT workspace, definition, journey_id, any(subject_id), max(seq), argMax(status, seq), min(touchpoint_at),
  maxIf(touchpoint_at, has(events, 'won') OR has(events, 'lost')),
  arrayPushFront(arrayMap(v -> v.3, arraySort(groupArrayIf((touchpoint_at, seq, stage), from_stage != '')) AS moves),
    if(empty(moves), argMax(stage, seq), argMinIf(from_stage, seq, from_stage != ''))),
  arrayPushFront(arrayMap(v -> v.1, moves), min(touchpoint_at))
FROM journey_changes
GROUP BY workspace, definition, journey_id;
