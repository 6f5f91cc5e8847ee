-- How many deliveries wait, and how many were given up
SELECT count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'dead') AS dead
FROM job
