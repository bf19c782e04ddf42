-- +goose Up
-- Sign-ins in a browser, one for each login that waits for one. They are of interest for minutes.
CREATE TABLE browser_sign_in (
    id               TEXT NOT NULL PRIMARY KEY,
    token_digest     TEXT NOT NULL,
    token            BYTEA NOT NULL, -- sealed: the dataplane is told the link again after a restart
    node             TEXT NOT NULL,
    login_id         TEXT NOT NULL,
    login            TEXT NOT NULL, -- vpn.LoginRequest as JSON, without its password
    endpoint_id      TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    provider_id      TEXT NOT NULL,
    method           TEXT NOT NULL,
    state            TEXT NOT NULL,
    provider_user    TEXT NOT NULL, -- vpn.ProviderUser as JSON
    provider_version BIGINT NOT NULL,
    request_id       TEXT NOT NULL,
    browser          TEXT NOT NULL, -- SHA-256 of its cookie
    browser_addr     TEXT NOT NULL,
    code             BYTEA, -- sealed
    wrong_codes      BIGINT NOT NULL,
    refused_code     TEXT NOT NULL,
    refused_reason   TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX browser_sign_in_by_token ON browser_sign_in (token_digest);
CREATE UNIQUE INDEX browser_sign_in_by_login ON browser_sign_in (node, login_id);
CREATE INDEX browser_sign_in_by_state ON browser_sign_in (node, state, expires_at);
CREATE INDEX browser_sign_in_by_endpoint ON browser_sign_in (endpoint_id);
CREATE INDEX browser_sign_in_by_time ON browser_sign_in (expires_at);

CREATE TABLE saml_request (
    id          TEXT NOT NULL PRIMARY KEY, -- of the AuthnRequest
    relay       TEXT NOT NULL, -- SHA-256 of RelayState
    provider_id TEXT NOT NULL,
    purpose     TEXT NOT NULL, -- vpn.SAMLPurpose
    subject     TEXT NOT NULL, -- what it is for
    browser     TEXT NOT NULL, -- SHA-256 of the browser's cookie
    result      TEXT NOT NULL, -- of a test
    created_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL -- 0: it is not answered
);
CREATE UNIQUE INDEX saml_request_by_relay ON saml_request (relay);
CREATE INDEX saml_request_by_subject ON saml_request (subject);
CREATE INDEX saml_request_by_time ON saml_request (created_at);

-- The assertions that were used. They are kept until they have expired.
CREATE TABLE saml_assertion (
    provider_id TEXT NOT NULL,
    assertion   TEXT NOT NULL, -- SHA-256 of its ID
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (provider_id, assertion)
);
CREATE INDEX saml_assertion_by_time ON saml_assertion (expires_at);

-- +goose Down
DROP TABLE saml_assertion;
DROP TABLE saml_request;
DROP TABLE browser_sign_in;
