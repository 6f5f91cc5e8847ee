-- One more message of a pending challenge: $1 id, $2 now, $3 not before
UPDATE challenge SET resends = resends + 1, resend_after = $3::timestamptz, updated_at = $2::timestamptz,
    revision = revision + 1
WHERE id = $1::uuid AND status = 'pending' AND expires_at > $2::timestamptz AND resends < resends_max
  AND (resend_after IS NULL OR resend_after <= $2::timestamptz)
RETURNING resends
