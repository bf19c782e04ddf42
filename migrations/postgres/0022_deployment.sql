-- +goose Up
-- The settings that hold for all endpoints and nodes, as an administrator saved them: one row, and one JSON
-- object of text, so that a new setting needs no column.
CREATE TABLE deployment (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    settings TEXT   NOT NULL, -- JSON
    version  BIGINT NOT NULL
);
INSERT INTO deployment (id, settings, version) VALUES (1, '{}', 1);

-- +goose Down
DROP TABLE deployment;
