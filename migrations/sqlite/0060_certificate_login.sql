-- +goose Up
-- The last login with each client certificate that is kept here. Apart from the certificate: a login writes few bytes.
CREATE TABLE certificate_login (
    certificate_id TEXT NOT NULL PRIMARY KEY REFERENCES certificate (id) ON DELETE CASCADE,
    fingerprint    TEXT NOT NULL, -- as connections have it
    used_at        INTEGER NOT NULL, -- 0: never
    endpoint_id    TEXT NOT NULL
) STRICT;
CREATE INDEX certificate_login_by_fingerprint ON certificate_login (fingerprint);
-- Until now it was in the connections alone, as long as those are kept.
INSERT INTO certificate_login (certificate_id, fingerprint, used_at, endpoint_id)
    SELECT c.id, REPLACE(LOWER(c.fingerprint), ':', ''), COALESCE(l.used_at, 0), COALESCE(l.endpoint_id, '')
    FROM certificate c LEFT JOIN (SELECT fingerprint, endpoint_id, MAX(established_at) AS used_at FROM connection WHERE fingerprint <> '' GROUP BY fingerprint) l ON l.fingerprint = REPLACE(LOWER(c.fingerprint), ':', '')
    WHERE c.use = 'client';

-- +goose Down
DROP TABLE certificate_login;
