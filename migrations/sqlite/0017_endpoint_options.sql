-- +goose Up
-- The settings that the dataplane obeys are one JSON object, so that a new one needs no column.
ALTER TABLE endpoint ADD COLUMN options TEXT NOT NULL DEFAULT '{}'; -- JSON
UPDATE endpoint SET options = json_object(
    'split_tunnel', json(iif(split_tunnel, 'true', 'false')),
    'source_nat', json(iif(source_nat, 'true', 'false')),
    'session_timeout', session_timeout);
ALTER TABLE endpoint DROP COLUMN split_tunnel;
ALTER TABLE endpoint DROP COLUMN source_nat;
ALTER TABLE endpoint DROP COLUMN session_timeout;

-- +goose Down
ALTER TABLE endpoint ADD COLUMN split_tunnel INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint ADD COLUMN source_nat INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint ADD COLUMN session_timeout INTEGER NOT NULL DEFAULT 0; -- nanoseconds
UPDATE endpoint SET
    split_tunnel = json_extract(options, '$.split_tunnel'),
    source_nat = json_extract(options, '$.source_nat'),
    session_timeout = json_extract(options, '$.session_timeout');
ALTER TABLE endpoint DROP COLUMN options;
