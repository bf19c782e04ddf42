-- +goose Up
-- The last test of whether a host of a subnet answers, and by which way it was asked.
CREATE TABLE probe (
    subnet_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES subnet (id) ON DELETE CASCADE,
    result    TEXT NOT NULL
);

-- +goose Down
DROP TABLE probe;
