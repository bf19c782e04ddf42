-- +goose Up
-- Networks and subnets can be modified.
ALTER TABLE network ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE subnet ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE subnet ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE subnet ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE subnet DROP COLUMN version;
ALTER TABLE subnet DROP COLUMN tags;
ALTER TABLE subnet DROP COLUMN description;
ALTER TABLE network DROP COLUMN description;
