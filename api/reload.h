/* What a service takes over at SIGHUP: the LIVE keys of the configuration, and the keyring. */
#ifndef API_RELOAD_H
#define API_RELOAD_H

#include "rs/cli.h"

/* What was replaced; requests may still look at it. */
struct rs_replaced;

/*
 * Reads configuration and keyring again and puts them in the place of what the process has; all of
 * it or nothing. Tells on the log what is wrong, what has changed, and which keys want a restart.
 * What was replaced is put to *replaced. Blocks for the database at most 5 s. From one thread only.
 */
void rs_reload(struct rs_app *app, const struct rs_cli *cli, struct rs_replaced **replaced);
/* When no request runs any more. NULL is fine. */
void rs_replaced_free(struct rs_replaced *replaced);

#endif
