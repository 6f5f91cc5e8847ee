-- Takes back what is queued: $1 kind, $2 dedupe key
DELETE FROM job WHERE kind = $1 AND dedupe_key = $2 AND state = 'queued'
