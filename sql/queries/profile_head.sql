-- Which revision of a profile is the current one.
SELECT id, enterprise_id, revision, created_at, updated_at FROM profile WHERE id = $1
