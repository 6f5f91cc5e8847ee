/* Failpoints: abort, sleep or error at a named place, chosen by the environment. */
#include "rs/failpoint.h"

#ifdef RS_FAILPOINTS
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool rs_failpoint(const char *label)
{
	static atomic_int passed;
	const char *spec = getenv("REISSUED_FAILPOINT");
	size_t len = strlen(label);
	const char *what;

	if (!spec || strncmp(spec, label, len) != 0 || spec[len] != ':')
		return false;
	what = spec + len + 1;
	if (strcmp(what, "abort") == 0)
		_exit(99); /* like a kill: no handler, no flush */
	if (strncmp(what, "sleep:", 6) == 0) {
		long ms = strtol(what + 6, NULL, 10);
		struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

		nanosleep(&pause, NULL);
		return false;
	}
	if (strncmp(what, "error", 5) != 0)
		return false;
	return what[5] != ':' || atomic_fetch_add(&passed, 1) < strtol(what + 6, NULL, 10);
}
#endif
