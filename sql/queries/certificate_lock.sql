-- Keeps a certificate's row from others until the transaction ends. $1 id
SELECT id FROM certificate WHERE id = $1 FOR UPDATE
