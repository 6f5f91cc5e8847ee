/*
 * A file that has no name and lives in memory: Debian's libcurl and libldap take trust anchors,
 * certificates and keys from files alone.
 */
#ifndef RS_NET_MEMFILE_H
#define RS_NET_MEMFILE_H

#include <stddef.h>

/* Room for the path of one: "/proc/self/fd/N". */
#define RS_MEMFILE_PATH 32

/*
 * Makes one that holds the data and writes its path; gives its descriptor, which the caller closes, or -1.
 */
int rs_memfile(const void *data, size_t len, char path[RS_MEMFILE_PATH]);

#endif
