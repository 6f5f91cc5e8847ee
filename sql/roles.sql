-- The four roles of the service, and all that must be so before the first migration. A superuser runs
-- it in the service's database; running it again changes nothing. Passwords are not its business.
--
--   reissued_owner  owns the tables, runs the migrations
--   reissued_app    requests: reads and writes what row-level security lets its tenant see
--   reissued_job    jobs, recovery, PKI endpoints, definer functions: sees every tenant
--   reissued_audit  reads, for auditors and exports

DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['reissued_owner', 'reissued_app', 'reissued_job', 'reissued_audit'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', r);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), r);
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO reissued_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END $$;

-- The owner may hand functions to reissued_job, but does not see through its policies.
ALTER ROLE reissued_owner NOINHERIT;
GRANT reissued_job TO reissued_owner;
ALTER SCHEMA public OWNER TO reissued_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
