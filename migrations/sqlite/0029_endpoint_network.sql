-- +goose Up
-- The network was chosen for the endpoint, and stays when its last target network is disassociated.
ALTER TABLE endpoint ADD COLUMN network_chosen INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE endpoint DROP COLUMN network_chosen;
