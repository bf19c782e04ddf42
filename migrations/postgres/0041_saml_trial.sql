-- +goose Up
-- Test sign-ins at SAML providers. What came of one is in saml_request, whose subject is its ID.
CREATE TABLE saml_trial (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- SHA-256 of the token
    token       BYTEA NOT NULL, -- sealed: the console shows the link again
    provider_id TEXT COLLATE "C" NOT NULL,
    started_by  TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX saml_trial_by_time ON saml_trial (created_at);

-- +goose Down
DROP TABLE saml_trial;
