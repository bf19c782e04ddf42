-- +goose Up
-- Test sign-ins at SAML providers. What came of one is in saml_request, whose subject is its ID.
CREATE TABLE saml_trial (
    id          TEXT NOT NULL PRIMARY KEY, -- SHA-256 of the token
    token       BLOB NOT NULL, -- sealed: the console shows the link again
    provider_id TEXT NOT NULL,
    started_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX saml_trial_by_time ON saml_trial (created_at);

-- +goose Down
DROP TABLE saml_trial;
