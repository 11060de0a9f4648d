ALTER TABLE delivery_attempts ADD COLUMN IF NOT EXISTS journey_id String AFTER fact_type;

ALTER TABLE delivery_attempts ADD COLUMN IF NOT EXISTS reason String AFTER state;

ALTER TABLE delivery_attempts ADD COLUMN IF NOT EXISTS created_at DateTime64(3, 'UTC') AFTER at;

ALTER TABLE delivery_attempts ADD COLUMN IF NOT EXISTS attempted_at DateTime64(3, 'UTC') AFTER created_at;

ALTER TABLE delivery_attempts ADD COLUMN IF NOT EXISTS answer String CODEC(ZSTD(1)) AFTER duration_ms;
