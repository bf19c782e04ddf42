-- +goose Up
-- The settings that the dataplane obeys are one JSON object, so that a new one needs no column.
ALTER TABLE endpoint ADD COLUMN options TEXT NOT NULL DEFAULT '{}'; -- JSON
UPDATE endpoint SET options = json_build_object(
    'split_tunnel', split_tunnel,
    'source_nat', source_nat,
    'session_timeout', session_timeout)::text;
ALTER TABLE endpoint DROP COLUMN split_tunnel;
ALTER TABLE endpoint DROP COLUMN source_nat;
ALTER TABLE endpoint DROP COLUMN session_timeout;

-- +goose Down
ALTER TABLE endpoint ADD COLUMN split_tunnel BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE endpoint ADD COLUMN source_nat BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE endpoint ADD COLUMN session_timeout BIGINT NOT NULL DEFAULT 0; -- nanoseconds
UPDATE endpoint SET
    split_tunnel = (options::json ->> 'split_tunnel')::boolean,
    source_nat = (options::json ->> 'source_nat')::boolean,
    session_timeout = (options::json ->> 'session_timeout')::bigint;
ALTER TABLE endpoint DROP COLUMN options;
