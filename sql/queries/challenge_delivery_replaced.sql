-- What still waits to be sent for challenge $1 by channel $2 is not sent: another message takes its place. $3 now
UPDATE challenge_delivery SET status = 'failed', code = 'superseded', code_sealed = NULL, destination_sealed = NULL,
    updated_at = $3::timestamptz
WHERE challenge_id = $1::uuid AND channel = $2 AND status = 'queued'
