-- The newest checks of each name of a request, however often it was verified.
CREATE INDEX caa_check_request_name_idx ON caa_check (request_id, name, checked_at) WHERE request_id IS NOT NULL;
DROP INDEX caa_check_request_idx;
