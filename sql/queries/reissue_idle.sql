-- Requests that are idle past their day. $1 now
SELECT id FROM reissue_request
WHERE status IN ('draft', 'authenticating', 'declined', 'failed') AND expires_at <= $1::timestamptz
    AND NOT hidden
ORDER BY expires_at LIMIT 100
