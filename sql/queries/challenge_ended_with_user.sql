-- The challenges that ended in this transaction because their user was blocked or moved. $1 user
SELECT c.id, c.enterprise_id, NULL::text AS status, c.digest FROM challenge c JOIN user_account u ON u.id = c.user_id
WHERE c.user_id = $1::uuid AND c.status = 'cancelled' AND c.updated_at = u.updated_at
