-- How an intent stands. $1 id
SELECT id, state, certificate_id, der FROM issuance WHERE id = $1::uuid
