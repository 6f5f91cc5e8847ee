-- Who is known by this issuer name and serial. $1 SHA-256 of the DER name, $2 serial
SELECT c.id, c.fingerprint_sha256 FROM certificate c WHERE c.issuer_name_sha256 = $1 AND c.serial = $2
