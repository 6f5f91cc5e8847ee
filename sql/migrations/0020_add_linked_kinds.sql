-- Kinds of identities that were ever linked to a user: the first of a kind is the administrator's word, a
-- later one is a change, and no factor for a while.
ALTER TABLE user_account ADD COLUMN linked_kinds text[] NOT NULL DEFAULT '{}';
UPDATE user_account u SET linked_kinds = k.kinds
FROM (SELECT user_id, array_agg(DISTINCT kind) AS kinds FROM identity GROUP BY user_id) k WHERE k.user_id = u.id;
