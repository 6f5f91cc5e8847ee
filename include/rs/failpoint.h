/*
 * Named failpoints for the crash tests. Only builds with RS_FAILPOINTS know them; elsewhere the
 * macros vanish. Environment REISSUED_FAILPOINT=label:abort|sleep:ms|error[:count]; count limits an
 * error to the first so many passages.
 */
#ifndef RS_FAILPOINT_H
#define RS_FAILPOINT_H

#include <stdbool.h>

#ifdef RS_FAILPOINTS
/* true when the caller shall behave as if the step had failed. */
bool rs_failpoint(const char *label);
#else
static inline bool rs_failpoint(const char *label)
{
	(void)label;
	return false;
}
#endif

#endif
