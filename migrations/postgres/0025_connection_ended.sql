-- +goose Up
-- The list of ended connections is read from an index, in each of its orders, for one endpoint and for all. Only a
-- connection that ends writes them. The lists of those that have not ended are short.
DROP INDEX connection_by_established;
DROP INDEX connection_by_username;
DROP INDEX connection_by_client_ip;
DROP INDEX connection_by_status;
DROP INDEX connection_by_time;
DROP INDEX connection_by_end;
CREATE INDEX connection_failed ON connection (created_at) WHERE status = 'terminated' AND established_at = 0;
ALTER TABLE connection ALTER COLUMN device TYPE TEXT COLLATE "C";
CREATE INDEX ended_by_end ON connection (endpoint_id, ended_at, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX ended_by_established ON connection (endpoint_id, established_at, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX ended_by_username ON connection (endpoint_id, username_key, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX ended_by_client_ip ON connection (endpoint_id, client_ip_number, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX all_ended_by_end ON connection (ended_at, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX all_ended_by_established ON connection (established_at, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX all_ended_by_username ON connection (username_key, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX all_ended_by_client_ip ON connection (client_ip_number, number) WHERE status = 'terminated' AND established_at <> 0;
CREATE INDEX ended_by_device ON connection (device, endpoint_id, number) WHERE status = 'terminated' AND established_at <> 0;

-- The user names of ended connections: a search looks at each name once.
CREATE TABLE connection_name (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
INSERT INTO connection_name (name) SELECT DISTINCT username_key FROM connection WHERE status = 'terminated';

-- +goose Down
DROP TABLE connection_name;
DROP INDEX ended_by_device;
DROP INDEX all_ended_by_client_ip;
DROP INDEX all_ended_by_username;
DROP INDEX all_ended_by_established;
DROP INDEX all_ended_by_end;
DROP INDEX ended_by_client_ip;
DROP INDEX ended_by_username;
DROP INDEX ended_by_established;
DROP INDEX ended_by_end;
DROP INDEX connection_failed;
CREATE INDEX connection_by_end ON connection (status, ended_at);
CREATE INDEX connection_by_time ON connection (established_at, number, status);
CREATE INDEX connection_by_status ON connection (endpoint_id, status, established_at, number);
CREATE INDEX connection_by_client_ip ON connection (endpoint_id, client_ip_number, number, status, established_at);
CREATE INDEX connection_by_username ON connection (endpoint_id, username_key, number, status, established_at);
CREATE INDEX connection_by_established ON connection (endpoint_id, established_at, number, status);
