/* How much memory a call takes: the peak of the process, which can be counted anew. After cmocka.h. */
#ifndef NET_PEAK_H
#define NET_PEAK_H

#include <stdio.h>

/* The most memory that the process had since forget_peak(), in KiB. */
static long peak_kib(void)
{
	char line[200];
	long kib = 0;
	FILE *status = fopen("/proc/self/status", "re");

	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		sscanf(line, "VmHWM: %ld kB", &kib);
	fclose(status);
	assert_true(kib > 0);
	return kib;
}

/* From now on the peak is counted anew; what the process has now. */
static long forget_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "we");

	assert_non_null(file);
	fputs("5", file);
	assert_int_equal(fclose(file), 0);
	return peak_kib();
}

#endif
