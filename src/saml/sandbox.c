#include "saml.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/resource.h>

#define MEMORY_MAX  (256u << 20)
#define SECONDS_MAX 2

static bool limit(__rlimit_resource_t what, rlim_t value)
{
	const struct rlimit l = {value, value};
	return setrlimit(what, &l) == 0;
}

/* A sanitizer maps terabytes and opens files of its own: its builds go without these two fences. */
#ifdef RS_SANITIZED
bool rs_saml_limit(void)
{
	return limit(RLIMIT_CORE, 0);
}

bool rs_saml_confine(void)
{
	return true;
}
#else
bool rs_saml_limit(void)
{
	return limit(RLIMIT_AS, MEMORY_MAX) && limit(RLIMIT_CPU, SECONDS_MAX) &&
	       limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_MEMLOCK, 0);
}

bool rs_saml_confine(void)
{
	/* Reading, writing and closing what is open, memory, time, randomness, the end. */
	static const int ALLOWED[] = {
		SCMP_SYS(read),
		SCMP_SYS(write),
		SCMP_SYS(close),
		SCMP_SYS(brk),
		SCMP_SYS(mmap),
		SCMP_SYS(munmap),
		SCMP_SYS(mremap),
		SCMP_SYS(mprotect),
		SCMP_SYS(madvise),
		SCMP_SYS(futex),
		SCMP_SYS(getrandom),
		SCMP_SYS(clock_gettime),
		SCMP_SYS(gettimeofday),
		SCMP_SYS(time),
		SCMP_SYS(getpid),
		SCMP_SYS(getppid),
		SCMP_SYS(gettid),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(exit),
		SCMP_SYS(exit_group),
	};
	/* Asked in passing by libraries that live well without an answer. */
	static const int REFUSED[] = {
		SCMP_SYS(open),
		SCMP_SYS(openat),
		SCMP_SYS(stat),
		SCMP_SYS(lstat),
		SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),
		SCMP_SYS(access),
		SCMP_SYS(readlink),
		SCMP_SYS(ioctl),
		SCMP_SYS(fcntl),
		SCMP_SYS(lseek),
		SCMP_SYS(uname),
		SCMP_SYS(sysinfo),
	};
	if (!limit(RLIMIT_NOFILE, 0))
		return false;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool good = ctx != NULL;
	for (size_t i = 0; good && i < sizeof(ALLOWED) / sizeof(*ALLOWED); i++)
		good = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, ALLOWED[i], 0) == 0;
	for (size_t i = 0; good && i < sizeof(REFUSED) / sizeof(*REFUSED); i++)
		good = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), REFUSED[i], 0) == 0;
	good = good && seccomp_load(ctx) == 0;
	seccomp_release(ctx);
	return good;
}
#endif
