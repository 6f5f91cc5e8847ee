-- Whether a profile or a request names an agreement.
SELECT EXISTS (SELECT 1 FROM profile WHERE agreement_id = $1)
    OR EXISTS (SELECT 1 FROM reissue_request WHERE agreement_id = $1) AS used
