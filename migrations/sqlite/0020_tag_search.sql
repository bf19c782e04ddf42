-- +goose Up
-- Tags are found by key, by value and by key=value. New rows have them in their search text from the start.
UPDATE endpoint SET search = search || coalesce((SELECT group_concat(char(31) || lower((value ->> 'key') || '=' || (value ->> 'value')), '')
    FROM json_each(endpoint.tags)), '') WHERE tags LIKE '[{%';
UPDATE network SET search = search || coalesce((SELECT group_concat(char(31) || lower((value ->> 'key') || '=' || (value ->> 'value')), '')
    FROM json_each(network.tags)), '') WHERE tags LIKE '[{%';

-- +goose Down
SELECT 1;
