-- +goose Up
-- The latest time at which a list of an authority was made outlives the list as well: many lists have no number.
ALTER TABLE revocation_number ADD COLUMN this_update INTEGER NOT NULL DEFAULT 0; -- 0: not known
UPDATE revocation_number SET this_update = COALESCE((SELECT l.this_update FROM revocation_list l WHERE l.issuer_key = revocation_number.issuer_key), 0);
INSERT INTO revocation_number (issuer_key, list_number, this_update)
    SELECT issuer_key, '', this_update FROM revocation_list WHERE issuer_key NOT IN (SELECT n.issuer_key FROM revocation_number n);

-- +goose Down
DELETE FROM revocation_number WHERE list_number = '';
ALTER TABLE revocation_number DROP COLUMN this_update;
