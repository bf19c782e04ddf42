-- +goose Up
-- The highest number that a list of an authority ever had: it outlives the list, since numbers never go back.
CREATE TABLE revocation_number (
    issuer_key  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    list_number TEXT COLLATE "C" NOT NULL -- decimal
);
INSERT INTO revocation_number SELECT issuer_key, list_number FROM revocation_list WHERE list_number <> '';

-- +goose Down
DROP TABLE revocation_number;
