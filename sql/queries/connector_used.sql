-- Whether a profile, or the revision of one that an open request is judged by, names a connector. $1 id
SELECT EXISTS (
    SELECT 1 FROM profile p JOIN profile_revision v ON v.profile_id = p.id AND v.revision = p.revision
    WHERE strpos((v.body->'second_factor')::text, $1::text) > 0
) OR EXISTS (
    SELECT 1 FROM reissue_request r
    JOIN profile_revision v ON v.profile_id = r.profile_id AND v.revision = r.profile_revision
    WHERE r.status NOT IN ('draft', 'issued', 'cancelled', 'expired')
        AND strpos((v.body->'second_factor')::text, $1::text) > 0
) AS used
