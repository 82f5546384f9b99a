/* Whole jobs from standard input, whole reports to standard output. */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <unistd.h>

/* Whether all of `size` bytes came; a signal in between does no harm. */
int read_whole(void *into, size_t size)
{
	uint8_t *at = into;

	while (size) {
		ssize_t got = read(STDIN_FILENO, at, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		at += got;
		size -= (size_t)got;
	}
	return 1;
}

/* Whether all of `size` bytes went. */
int write_whole(const void *from, size_t size)
{
	const uint8_t *at = from;

	while (size) {
		ssize_t sent = write(STDOUT_FILENO, at, size);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return 0;
		at += sent;
		size -= (size_t)sent;
	}
	return 1;
}
