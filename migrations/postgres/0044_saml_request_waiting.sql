-- +goose Up
-- SAML requests that wait for an answer are counted before another is added.
CREATE INDEX saml_request_waiting ON saml_request (purpose, created_at) WHERE used_at = 0;
CREATE INDEX saml_request_waiting_of ON saml_request (subject, created_at) WHERE used_at = 0;

-- +goose Down
DROP INDEX saml_request_waiting_of;
DROP INDEX saml_request_waiting;
