-- +goose Up
-- What the public pages say of themselves, the installers that administrators offer, and the search of downloads.
CREATE TABLE portal_branding (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    title       TEXT NOT NULL,
    contact     TEXT NOT NULL,
    help        TEXT NOT NULL,
    logo_digest TEXT NOT NULL, -- empty: there is no logo
    logo_width  INTEGER NOT NULL,
    logo_height INTEGER NOT NULL,
    logo        BLOB NOT NULL, -- PNG
    version     INTEGER NOT NULL
) STRICT;
CREATE TABLE installer (
    platform    TEXT NOT NULL PRIMARY KEY,
    program     TEXT NOT NULL,
    link        TEXT NOT NULL, -- empty: there is a file
    file_name   TEXT NOT NULL,
    file_id     TEXT NOT NULL,
    size        INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    uploaded_by TEXT NOT NULL
) STRICT;
CREATE TABLE installer_file (
    id         TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE installer_piece (
    file_id TEXT NOT NULL REFERENCES installer_file (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (file_id, number)
) STRICT;
ALTER TABLE profile_download ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE profile_download SET search = lower(downloaded_by);
CREATE INDEX profile_download_portal ON profile_download (at, number) WHERE user_provider <> '';
CREATE INDEX profile_download_portal_endpoint ON profile_download (endpoint_id, at, number) WHERE user_provider <> '';

-- +goose Down
DROP INDEX profile_download_portal_endpoint;
DROP INDEX profile_download_portal;
ALTER TABLE profile_download DROP COLUMN search;
DROP TABLE installer_piece;
DROP TABLE installer_file;
DROP TABLE installer;
DROP TABLE portal_branding;
