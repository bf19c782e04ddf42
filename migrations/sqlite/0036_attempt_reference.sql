-- +goose Up
ALTER TABLE attempt ADD COLUMN reference TEXT NOT NULL DEFAULT ''; -- of the last attempt, as its client was told it

-- +goose Down
ALTER TABLE attempt DROP COLUMN reference;
