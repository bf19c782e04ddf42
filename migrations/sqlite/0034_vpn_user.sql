-- +goose Up
-- The users who have signed in or tried to, the groups that they were seen with, and which user has which group as of the
-- last login. Users of client certificates have no provider, and their key is the common name.
CREATE TABLE vpn_user (
    number         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id             TEXT    NOT NULL,
    provider       TEXT    NOT NULL,
    user_key       TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    name_key       TEXT    NOT NULL,
    first_seen_at  INTEGER NOT NULL,
    signed_in_at   INTEGER NOT NULL, -- 0: never
    group_count    INTEGER NOT NULL,
    group_names    TEXT    NOT NULL, -- JSON: the first names
    groups_digest  TEXT    NOT NULL, -- of what vpn_user_group has; '': nothing
    more_groups    INTEGER NOT NULL,
    refused_at     INTEGER NOT NULL, -- 0: never
    refused_code   TEXT    NOT NULL,
    refused_reason TEXT    NOT NULL,
    refused_by     TEXT    NOT NULL,
    blocked_at     INTEGER NOT NULL, -- 0: not blocked
    blocked_by     TEXT    NOT NULL,
    block_reason   TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX vpn_user_id ON vpn_user (id);
CREATE UNIQUE INDEX vpn_user_key ON vpn_user (provider, user_key);
CREATE INDEX vpn_user_by_name ON vpn_user (name_key, number, provider);
CREATE INDEX vpn_user_by_sign_in ON vpn_user (signed_in_at, number, provider, name_key);
CREATE INDEX vpn_user_by_refusal ON vpn_user (refused_at, number, provider, name_key);
CREATE INDEX vpn_user_blocked ON vpn_user (number) WHERE blocked_at <> 0;

CREATE TABLE vpn_group (
    number        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id            TEXT    NOT NULL,
    provider      TEXT    NOT NULL,
    group_id      TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    name_key      TEXT    NOT NULL,
    first_seen_at INTEGER NOT NULL,
    search        TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX vpn_group_id ON vpn_group (id);
CREATE UNIQUE INDEX vpn_group_key ON vpn_group (provider, group_id);
CREATE INDEX vpn_group_of_id ON vpn_group (group_id);
CREATE INDEX vpn_group_by_name ON vpn_group (name_key, number, provider);

CREATE TABLE vpn_user_group (
    user_number  INTEGER NOT NULL REFERENCES vpn_user (number) ON DELETE CASCADE,
    group_number INTEGER NOT NULL REFERENCES vpn_group (number) ON DELETE CASCADE,
    PRIMARY KEY (user_number, group_number)
) STRICT;
CREATE INDEX vpn_user_group_members ON vpn_user_group (group_number, user_number);

-- The connections of a user that have not ended.
CREATE INDEX connection_live_user ON connection (provider, user_key, username) WHERE status <> 'terminated';

-- Whose connections are known: until now all users had certificates.
INSERT INTO vpn_user (id, provider, user_key, name, name_key, first_seen_at, signed_in_at, group_count, group_names, groups_digest, more_groups,
                      refused_at, refused_code, refused_reason, refused_by, blocked_at, blocked_by, block_reason)
SELECT 'user-' || substr(lower(hex(randomblob(9))), 1, 17), '', username, username, MAX(username_key), MIN(established_at), MAX(established_at), 0, '[]', '', 0, 0, '', '', '', 0, '', ''
FROM connection WHERE established_at > 0 AND username <> '' AND provider = '' GROUP BY username;

-- +goose Down
DROP INDEX connection_live_user;
DROP TABLE vpn_user_group;
DROP TABLE vpn_group;
DROP TABLE vpn_user;
