-- +goose Up
CREATE TABLE administrator (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username      TEXT COLLATE "C" NOT NULL,
    role          TEXT    NOT NULL,
    disabled      BOOLEAN NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    last_sign_in  BIGINT  NOT NULL, -- 0: never
    version       BIGINT  NOT NULL,
    search        TEXT    NOT NULL
);
CREATE UNIQUE INDEX administrator_username ON administrator (username);
CREATE INDEX administrator_by_last_sign_in ON administrator (last_sign_in, id);

-- +goose Down
DROP TABLE administrator;
