-- +goose Up
-- A number at the end of a name is sorted by its value: before it stands how many digits it has (orderKey in store/value.go).
UPDATE network SET name_key = rtrim(name_key, '0123456789') || right('0' || least(length(ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0') WHERE name_key ~ '[0-9]$';
UPDATE subnet SET name_key = rtrim(name_key, '0123456789') || right('0' || least(length(ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0') WHERE name_key ~ '[0-9]$';
UPDATE endpoint SET name_key = rtrim(name_key, '0123456789') || right('0' || least(length(ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0') WHERE name_key ~ '[0-9]$';
UPDATE certificate SET name_key = rtrim(name_key, '0123456789') || right('0' || least(length(ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0') WHERE name_key ~ '[0-9]$';
UPDATE certificate SET common_name_key = rtrim(common_name_key, '0123456789') || right('0' || least(length(ltrim(substr(common_name_key, length(rtrim(common_name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(common_name_key, length(rtrim(common_name_key, '0123456789')) + 1), '0') WHERE common_name_key ~ '[0-9]$';
UPDATE directory SET name_key = rtrim(name_key, '0123456789') || right('0' || least(length(ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0') WHERE name_key ~ '[0-9]$';
UPDATE saml_provider SET name_key = rtrim(name_key, '0123456789') || right('0' || least(length(ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0')), 99), 2) || ltrim(substr(name_key, length(rtrim(name_key, '0123456789')) + 1), '0') WHERE name_key ~ '[0-9]$';

-- +goose Down
UPDATE network SET name_key = lower(name);
UPDATE subnet SET name_key = lower(name);
UPDATE endpoint SET name_key = lower(name);
UPDATE certificate SET name_key = lower(name);
UPDATE certificate SET common_name_key = lower(common_name);
UPDATE directory SET name_key = lower(name);
UPDATE saml_provider SET name_key = lower(name);
