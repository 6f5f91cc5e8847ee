-- Profiles. $1 categories, $2 active, $3 enterprise.
SELECT p.id, p.enterprise_id, p.revision, p.created_at, p.updated_at, r.body
--:columns
FROM profile p JOIN profile_revision r ON r.profile_id = p.id AND r.revision = p.revision
WHERE ($1::text[] IS NULL OR p.category = ANY ($1))
    AND ($2::boolean IS NULL OR p.active = $2)
    AND ($3::uuid IS NULL OR p.enterprise_id = $3)
--:after
--:page
