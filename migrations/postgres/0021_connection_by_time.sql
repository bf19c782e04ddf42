-- +goose Up
-- The page of the connections of every endpoint.
CREATE INDEX connection_by_time ON connection (established_at, number, status);

-- +goose Down
DROP INDEX connection_by_time;
