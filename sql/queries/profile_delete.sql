-- A profile that nothing refers to, with its revisions.
WITH gone AS (DELETE FROM profile_revision WHERE profile_id = $1)
DELETE FROM profile WHERE id = $1 RETURNING id
