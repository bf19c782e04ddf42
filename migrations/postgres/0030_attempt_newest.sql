-- +goose Up
-- The refused attempts of every endpoint, newest first, and those of one code.
CREATE INDEX attempt_newest ON attempt (at, number);
CREATE INDEX attempt_by_code ON attempt (code, at, number);

-- +goose Down
DROP INDEX attempt_by_code;
DROP INDEX attempt_newest;
