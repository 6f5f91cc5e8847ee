-- The stored CSR. $1 id
SELECT csr_der FROM reissue_request WHERE id = $1::uuid
