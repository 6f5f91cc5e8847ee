-- The validations of enterprise $1 for one of the identifiers $2, as far as they may still be of use.
SELECT v.*, NULL::jsonb AS attempts
FROM domain_validation v
WHERE v.enterprise_id = $1::uuid AND v.identifier = ANY ($2::text[]) AND v.status IN ('pending', 'valid', 'expired',
    'invalid')
ORDER BY v.validated_at DESC NULLS LAST, v.created_at DESC
LIMIT 1000
