-- Whose a key is, in one statement instead of two: it is asked with every read of a request.
-- compatible_from: 20
GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;
CREATE OR REPLACE FUNCTION spki_state(spki bytea, for_owner uuid, for_request uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT 1 FROM blocked_key b WHERE b.spki_sha256 = spki) THEN 'blocked'
        ELSE coalesce((SELECT CASE
                WHEN c.state = 'open' AND c.request_id = for_request THEN 'mine'
                WHEN c.state = 'ended' AND c.owner_id = for_owner THEN 'free'
                ELSE 'reused' END
            FROM spki_claim c WHERE c.spki_sha256 = spki), 'free') END;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
