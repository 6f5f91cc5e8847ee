-- A certificate's bytes; the chain that was imported with it, if any. $1 id
SELECT d.der, d.chain_pem, i.chain_pem AS issuer_chain_pem
FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id
    LEFT JOIN issuer i ON i.id = c.issuer_id
WHERE c.id = $1
