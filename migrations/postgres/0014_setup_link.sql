-- +goose Up
CREATE TABLE setup_link (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at BIGINT  NOT NULL
);

-- +goose Down
DROP TABLE setup_link;
