-- Attempts that were made: [{id, validation_id, number, started_at, finished_at, result, code, detail,
-- evidence, valid_until, wide, ceiling}]. One that another attempt overtook is left out. $1 attempts, $2 now
WITH x AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, validation_id uuid, number integer,
        started_at timestamptz, finished_at timestamptz, result text, code text, detail text, evidence jsonb,
        valid_until timestamptz, wide boolean, ceiling timestamptz)
), u AS (
    UPDATE domain_validation v SET attempt_count = x.number, revision = v.revision + 1, updated_at = $2::timestamptz,
        status = CASE WHEN x.result = 'passed' THEN 'valid' WHEN x.number >= 50 THEN 'invalid' ELSE 'pending' END,
        validated_at = CASE WHEN x.result = 'passed' THEN x.finished_at END,
        valid_until = CASE WHEN x.result = 'passed' THEN x.valid_until END,
        wide = coalesce(x.wide, v.wide), ceiling = x.ceiling,
        token_sealed = CASE WHEN x.result = 'passed' OR x.number >= 50 THEN NULL ELSE v.token_sealed END,
        token_kid = CASE WHEN x.result = 'passed' OR x.number >= 50 THEN NULL ELSE v.token_kid END,
        next_attempt_at = CASE WHEN x.result <> 'passed' AND x.number < 50
            THEN x.finished_at + interval '10 seconds' END,
        code = CASE WHEN x.result <> 'passed' THEN x.code END,
        detail = CASE WHEN x.result <> 'passed' THEN x.detail END
    FROM x
    WHERE v.id = x.validation_id AND v.status = 'pending' AND v.attempt_count = x.number - 1
    RETURNING v.id, v.enterprise_id, v.status
), a AS (
    INSERT INTO domain_validation_attempt (id, enterprise_id, validation_id, number, started_at, finished_at,
        result, code, detail, evidence)
    SELECT x.id, u.enterprise_id, u.id, x.number, x.started_at, x.finished_at, x.result, x.code, x.detail,
        x.evidence
    FROM x JOIN u ON u.id = x.validation_id
)
SELECT u.id, u.status FROM u
