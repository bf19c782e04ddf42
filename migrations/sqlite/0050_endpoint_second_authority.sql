-- +goose Up
-- A second authority whose client certificates an endpoint takes, while they are replaced. NULL: none.
ALTER TABLE endpoint ADD COLUMN second_ca_id TEXT REFERENCES certificate (id);
CREATE INDEX endpoint_by_second_ca ON endpoint (second_ca_id);

-- +goose Down
DROP INDEX endpoint_by_second_ca;
ALTER TABLE endpoint DROP COLUMN second_ca_id;
