-- +goose Up
-- Tags are found by key, by value and by key=value. New rows have them in their search text from the start.
UPDATE endpoint SET search = search || coalesce((SELECT string_agg(chr(31) || lower((e ->> 'key') || '=' || (e ->> 'value')), '')
    FROM jsonb_array_elements(tags::jsonb) AS e), '') WHERE tags::text LIKE '[{%';
UPDATE network SET search = search || coalesce((SELECT string_agg(chr(31) || lower((e ->> 'key') || '=' || (e ->> 'value')), '')
    FROM jsonb_array_elements(tags::jsonb) AS e), '') WHERE tags::text LIKE '[{%';

-- +goose Down
SELECT 1;
