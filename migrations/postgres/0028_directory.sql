-- +goose Up
CREATE TABLE directory (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    name_key      TEXT COLLATE "C" NOT NULL,
    options       TEXT    NOT NULL, -- JSON: vpn.DirectoryOptions
    bind_password BYTEA   NOT NULL, -- sealed
    created_at    BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    search        TEXT    NOT NULL
);
CREATE INDEX directory_by_name ON directory (name_key, id);

-- +goose Down
DROP TABLE directory;
