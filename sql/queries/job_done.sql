-- $1 id, $2 the attempt that did it: a later one that runs meanwhile keeps its row
DELETE FROM job WHERE id = $1 AND attempts = $2
