-- What a search looks through is lowered by the database, as what is sought is: letters beyond ASCII had stayed
-- capital, and nobody found them.
-- compatible_from: 20
UPDATE certificate SET search_text = lower(search_text) WHERE search_text <> lower(search_text);
UPDATE reissue_request SET search_text = lower(search_text) WHERE search_text <> lower(search_text);
