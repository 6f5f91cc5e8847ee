-- The four roles and what they may do in the database they work in. Run once by a superuser, in that
-- database (`reissued migrate` does it itself when it is one); safe to repeat. What each role may do
-- with a table stands in the migration that makes the table.
--
--   reissued_owner  owns the tables and runs the migrations
--   reissued_app    answers requests; row-level security shows it one enterprise at a time
--   reissued_job    jobs, recovery and the functions that must look across enterprises
--   reissued_audit  reads
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['reissued_owner', 'reissued_app', 'reissued_job', 'reissued_audit'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO reissued_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO reissued_app, reissued_job, reissued_audit',
        current_database());
END $$;
GRANT ALL ON SCHEMA public TO reissued_owner WITH GRANT OPTION;
GRANT USAGE ON SCHEMA public TO reissued_app, reissued_job, reissued_audit;
-- So that the owner can hand functions to the job role. NOINHERIT: otherwise the policies that show the
-- job role everything would show it to the owner as well, and FORCE would be worth nothing.
GRANT reissued_job TO reissued_owner;
ALTER ROLE reissued_owner NOINHERIT;
