#include "memfile.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int rs_memfile(const void *data, size_t len, char path[RS_MEMFILE_PATH])
{
	int fd = memfd_create("pem", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < len) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	snprintf(path, RS_MEMFILE_PATH, "/proc/self/fd/%d", fd);
	return fd;
}
