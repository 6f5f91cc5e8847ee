"""All that the database keeps, as digests: what an attempt that must change nothing is held against."""
import os

# What time alone moves: when a token was last used, the counters of limits, the clocks of the jobs, how far a
# mail is on its way.
NOT_COMPARED = {"rate_counter", "job_schedule", "job", "connector_breaker"}
WITHOUT = {"access_token": ["used_at"],
           "mail": ["state", "code", "detail", "tries", "resends", "sent_at", "updated_at", "message_sealed", "message_kid"]}


def stored(instance, without=()):
    """{table: digest of its rows}. Of the trail only what was done: that something was refused is told there too."""
    digests = {}
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        tables = {row[0] for row in cursor.fetchall()} - NOT_COMPARED - set(without)
        assert {"reissue_request", "certificate", "issuance", "idempotency", "audit_event"} - set(without) <= tables
        for table in sorted(tables):
            which = "WHERE outcome = 'done'" if table == "audit_event" else ""
            cursor.execute(
                "SELECT count(*) || ' rows, ' || md5(coalesce(string_agg(md5((to_jsonb(t) - %s::text[])::text), '' "
                f"ORDER BY md5((to_jsonb(t) - %s::text[])::text)), '')) FROM {table} t {which}",
                [WITHOUT.get(table, [])] * 2)
            digests[table] = cursor.fetchone()[0]
    return digests


def changed(before, after):
    """The tables that differ."""
    return {table: (before[table], after[table]) for table in before if before[table] != after[table]}


def footprint(pid):
    """(resident memory in kB, open descriptors, threads) of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        values = dict(line.split(":", 1) for line in status)
    return int(values["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(values["Threads"])
