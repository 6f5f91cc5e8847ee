-- Whether anything was issued or asked for under a profile.
SELECT EXISTS (SELECT 1 FROM certificate WHERE profile_id = $1)
    OR EXISTS (SELECT 1 FROM reissue_request WHERE profile_id = $1) AS used
