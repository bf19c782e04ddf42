-- +goose Up
ALTER TABLE attempt ADD COLUMN code TEXT NOT NULL DEFAULT ''; -- '': recorded before there was one

-- +goose Down
ALTER TABLE attempt DROP COLUMN code;
