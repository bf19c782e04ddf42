-- +goose Up
-- The form for an endpoint offers the imported client certificates: it must not read every certificate that was issued here to find them.
CREATE INDEX certificate_by_origin ON certificate ((CASE WHEN authority_id IS NULL THEN 'imported' ELSE 'issued' END), use, name_key, id);

-- +goose Down
DROP INDEX certificate_by_origin;
