-- How much the planner thinks is seen, and how much a search may find.

-- The one row-level security rule, as before: a row is seen by its enterprise, or by '*'. Written as one
-- CASE the planner takes it for every second row. As two comparisons it took it for every hundredth, and
-- preferred to fetch and sort a million certificates to walking the index of a page.
CREATE OR REPLACE FUNCTION app_sees(enterprise uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CASE current_setting('app.enterprise', true) WHEN '*' THEN true
              ELSE enterprise::text = current_setting('app.enterprise', true) END $$;

-- The functions of the job role are replaced as that role, which needs CREATE on the schema for it.
GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;
DROP FUNCTION search_names(text, text);

-- Substring search over names, as before, but a search that finds more than 5,000 is an error instead
-- of 5,000 of them; the owners the caller sees (NULL: all) are applied before it is counted.
CREATE FUNCTION search_names(what text, needle text, owners uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    tenant text := current_setting('app.enterprise', true);
    pattern text := '%' || replace(replace(replace(lower(needle), '\', '\\'), '%', '\%'), '_', '\_') || '%';
    found integer;
BEGIN
    IF tenant IS NULL OR tenant = '' OR char_length(needle) < 3 THEN
        RETURN;
    END IF;
    IF what NOT IN ('certificate', 'reissue_request') THEN
        RAISE EXCEPTION 'nothing to search in';
    END IF;
    RETURN QUERY EXECUTE format('SELECT id FROM %I WHERE search_text LIKE $1', what)
        || CASE WHEN tenant = '*' THEN '' ELSE ' AND enterprise_id = $2::uuid' END
        || CASE WHEN owners IS NULL THEN '' ELSE ' AND owner_id = ANY ($3)' END
        || ' LIMIT 5001' USING pattern, tenant, owners;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found > 5000 THEN
        RAISE EXCEPTION 'more than 5000 names hold this'
            USING ERRCODE = 'program_limit_exceeded', CONSTRAINT = 'search_names_fewer';
    END IF;
END $$;
REVOKE ALL ON FUNCTION search_names(text, text, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_names(text, text, uuid[]) TO reissued_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
