-- A stage may be decided again: an approval by an officer who is blocked since does not count, and another
-- one takes its place. Two at the same moment are kept apart by the request's revision, and one officer
-- approves once in a round (approval_once).
DROP INDEX approval_stage;
