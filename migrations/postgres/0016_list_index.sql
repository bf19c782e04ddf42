-- +goose Up
-- Lists read their order from an index. What a search looks at stays out of it, unlike in SQLite:
-- an entry here may not be longer than a third of a page, and a search scans in parallel anyway.
CREATE INDEX certificate_by_issue ON certificate (authority_id, use, created_at, id);
DROP INDEX subnet_by_cidr;
CREATE INDEX subnet_by_cidr ON subnet (network_id, cidr_first, cidr_bits, id);
DROP INDEX subnet_by_zone;
CREATE INDEX subnet_by_zone ON subnet (network_id, zone, cidr_first, id);

-- +goose Down
DROP INDEX subnet_by_zone;
CREATE INDEX subnet_by_zone ON subnet (network_id, zone, cidr_first);
DROP INDEX subnet_by_cidr;
CREATE INDEX subnet_by_cidr ON subnet (network_id, cidr_first, cidr_bits);
DROP INDEX certificate_by_issue;
