-- +goose Up
-- Lists read their order, and what a search looks at, from one index: without that a search of the
-- certificates reads every certificate's PEM, and a page of the subnets sorts them all.
DROP INDEX certificate_by_name;
CREATE INDEX certificate_by_name ON certificate (name_key, id, search);
CREATE INDEX certificate_by_issue ON certificate (authority_id, use, created_at, id, search);
DROP INDEX subnet_by_cidr;
CREATE INDEX subnet_by_cidr ON subnet (network_id, cidr_first, cidr_bits, id, search);
DROP INDEX subnet_by_zone;
CREATE INDEX subnet_by_zone ON subnet (network_id, zone, cidr_first, id);
DROP INDEX connection_by_established;
CREATE INDEX connection_by_established ON connection (endpoint_id, established_at, number, status, search);

-- +goose Down
DROP INDEX connection_by_established;
CREATE INDEX connection_by_established ON connection (endpoint_id, established_at, number, status);
DROP INDEX subnet_by_zone;
CREATE INDEX subnet_by_zone ON subnet (network_id, zone, cidr_first);
DROP INDEX subnet_by_cidr;
CREATE INDEX subnet_by_cidr ON subnet (network_id, cidr_first, cidr_bits);
DROP INDEX certificate_by_issue;
DROP INDEX certificate_by_name;
CREATE INDEX certificate_by_name ON certificate (name_key, id);
