-- Which schema this is and what the database takes for the time.
SELECT version, compatible_from,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us
FROM schema_migration
ORDER BY version DESC
LIMIT 1
