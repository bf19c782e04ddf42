-- +goose Up
ALTER TABLE connection ADD COLUMN away_at BIGINT NOT NULL DEFAULT 0; -- 0: the client is not out of reach

-- +goose Down
ALTER TABLE connection DROP COLUMN away_at;
