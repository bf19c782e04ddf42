-- +goose Up
-- No reference to a certificate: the file that it was put into outlives it.
CREATE TABLE profile_download (
    number         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    endpoint_id    TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    revision       TEXT NOT NULL,
    certificate_id TEXT NOT NULL, -- empty: the file has no client certificate
    downloaded_by  TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX profile_download_by_revision ON profile_download (endpoint_id, revision);
CREATE INDEX profile_download_by_time ON profile_download (at);
ALTER TABLE endpoint ADD COLUMN push_generation INTEGER NOT NULL DEFAULT 0; -- 0: no client was to be reconnected yet

-- +goose Down
ALTER TABLE endpoint DROP COLUMN push_generation;
DROP TABLE profile_download;
