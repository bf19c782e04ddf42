-- +goose Up
-- The network was chosen for the endpoint, and stays when its last target network is disassociated.
ALTER TABLE endpoint ADD COLUMN network_chosen BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE endpoint DROP COLUMN network_chosen;
