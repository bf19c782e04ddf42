-- +goose Up
-- By which interface and gateway the host reaches each target network, as its dataplane reported it last.
ALTER TABLE observation ADD COLUMN ways TEXT NOT NULL DEFAULT 'null';

-- +goose Down
ALTER TABLE observation DROP COLUMN ways;
