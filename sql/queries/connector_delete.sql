-- One that is locked and that nothing names. $1 id
DELETE FROM connector WHERE id = $1::uuid
