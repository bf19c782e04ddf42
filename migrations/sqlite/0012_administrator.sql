-- +goose Up
CREATE TABLE administrator (
    id            TEXT NOT NULL PRIMARY KEY,
    username      TEXT NOT NULL,
    role          TEXT    NOT NULL,
    disabled      INTEGER NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    last_sign_in  INTEGER NOT NULL, -- 0: never
    version       INTEGER NOT NULL,
    search        TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX administrator_username ON administrator (username);
CREATE INDEX administrator_by_last_sign_in ON administrator (last_sign_in, id);

-- +goose Down
DROP TABLE administrator;
