-- An agreement that nothing names, with its texts.
WITH gone AS (DELETE FROM agreement_text WHERE agreement_id = $1)
DELETE FROM agreement WHERE id = $1 RETURNING id
