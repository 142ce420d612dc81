// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long execve() takes to refuse a file, for scripts/bench: bench-refused FILE
 *
 * Prints the least of many tries, by CLOCK_MONOTONIC.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TRIES	1000

static unsigned long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	char *const none[] = { NULL };
	unsigned long long start, took, least = ~0ULL;
	int i;

	for (i = 0; i < TRIES; i++) {
		start = now();
		if (argc != 2 || !execve(argv[1], argv + 1, none) ||
		    errno != ENOEXEC) {
			fprintf(stderr, "bench-refused: FILE is missing, or not refused\n");
			return 1;
		}
		took = now() - start;
		if (least > took)
			least = took;
	}
	printf("%llu\n", least);
	return 0;
}
