-- +goose Up
-- The last login with each client certificate that is kept here. Apart from the certificate: a login writes few bytes.
CREATE TABLE certificate_login (
    certificate_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES certificate (id) ON DELETE CASCADE,
    fingerprint    TEXT COLLATE "C" NOT NULL, -- as connections have it
    used_at        BIGINT NOT NULL, -- 0: never
    endpoint_id    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX certificate_login_by_fingerprint ON certificate_login (fingerprint);
-- Until now it was in the connections alone, as long as those are kept.
INSERT INTO certificate_login (certificate_id, fingerprint, used_at, endpoint_id)
    SELECT c.id, REPLACE(LOWER(c.fingerprint), ':', ''), COALESCE(l.used_at, 0), COALESCE(l.endpoint_id, '')
    FROM certificate c LEFT JOIN (SELECT DISTINCT ON (fingerprint) fingerprint, endpoint_id, established_at AS used_at FROM connection WHERE fingerprint <> '' ORDER BY fingerprint, established_at DESC) l ON l.fingerprint = REPLACE(LOWER(c.fingerprint), ':', '')
    WHERE c.use = 'client';

-- +goose Down
DROP TABLE certificate_login;
