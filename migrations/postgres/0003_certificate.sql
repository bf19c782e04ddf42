-- +goose Up
CREATE TABLE certificate (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    name_key        TEXT COLLATE "C" NOT NULL,
    use             TEXT    NOT NULL,
    authority_id    TEXT COLLATE "C" REFERENCES certificate (id), -- NULL: imported or self-signed
    common_name     TEXT    NOT NULL,
    common_name_key TEXT COLLATE "C" NOT NULL,
    dns_names       TEXT    NOT NULL, -- JSON
    issuer          TEXT    NOT NULL,
    serial          TEXT    NOT NULL,
    fingerprint     TEXT    NOT NULL,
    key_type        TEXT    NOT NULL,
    not_before      BIGINT  NOT NULL,
    not_after       BIGINT  NOT NULL,
    has_key         BOOLEAN NOT NULL,
    key_taken       BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    search          TEXT    NOT NULL,
    pem             TEXT    NOT NULL,
    chain           TEXT    NOT NULL
);
CREATE INDEX certificate_by_name ON certificate (name_key, id);
CREATE INDEX certificate_by_common_name ON certificate (common_name_key, id);
CREATE INDEX certificate_by_not_after ON certificate (not_after, id);
CREATE INDEX certificate_by_created ON certificate (created_at, id);
CREATE INDEX certificate_by_use ON certificate (use, name_key, id);
CREATE INDEX certificate_by_authority ON certificate (authority_id, name_key, id);

-- Apart from the certificate, so that no list ever reads one.
CREATE TABLE certificate_key (
    certificate_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES certificate (id) ON DELETE CASCADE,
    sealed         BYTEA NOT NULL
);

-- +goose Down
DROP TABLE certificate_key;
DROP TABLE certificate;
