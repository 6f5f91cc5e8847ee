-- Blocked keys. $1 SPKI, $2 and $3 created from, to
SELECT b.spki_sha256, b.reason, b.source, b.created_at
--:columns
FROM blocked_key b
WHERE ($1::bytea IS NULL OR b.spki_sha256 = $1)
    AND ($2::timestamptz IS NULL OR b.created_at >= $2)
    AND ($3::timestamptz IS NULL OR b.created_at <= $3)
--:after
--:page
