-- Every limit of every rule set, in the order of time.
SELECT name, (extract(epoch FROM effective_from) * 1000000)::bigint AS effective_from,
    max_validity_days, dcv_reuse_days, persist_reuse_days, mailbox_reuse_days, suspension,
    dnssec_mandatory, caa, names, server_keys, perspectives
FROM rule_set
ORDER BY name, effective_from
