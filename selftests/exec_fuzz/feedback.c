// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes an input worth keeping: edges of the module's code that none came
 * to before, where the kernel has KCOV; and on every kernel a shape that no
 * run had before.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec_fuzz.h"

#define KCOV		"/sys/kernel/debug/kcov"
#define KCOV_WORDS	65536UL
#define SET_SIZE	262144

/* Numbers that were seen; one in a great many is taken for another. */
struct set {
	bool has[SET_SIZE];
	unsigned int count;
};

static struct set edge_set, shape_set;
static int kcov = -1;
static unsigned long *covered;	/* their number, then the places */

static bool set_add(struct set *set, __u64 number)
{
	struct rng mix = { number };
	bool *has = &set->has[rng_below(&mix, SET_SIZE)];

	if (*has)
		return false;
	*has = true;
	set->count++;
	return true;
}

/* Returns false on a kernel without. */
bool kcov_open(void)
{
	kcov = open(KCOV, O_RDWR | O_CLOEXEC);
	if (kcov < 0)
		return false;
	if (ioctl(kcov, KCOV_INIT_TRACE, KCOV_WORDS))
		goto failed;
	covered = mmap(NULL, KCOV_WORDS * sizeof(*covered),
		       PROT_READ | PROT_WRITE, MAP_SHARED, kcov, 0);
	if (covered != MAP_FAILED)
		return true;
failed:
	close(kcov);
	kcov = -1;
	return false;
}

void kcov_begin(void)
{
	if (kcov < 0)
		return;
	covered[0] = 0;
	ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC);
}

unsigned int kcov_end(void)
{
	unsigned long last = 0, n, i;
	unsigned int found = 0;

	if (kcov < 0)
		return 0;
	n = __atomic_load_n(&covered[0], __ATOMIC_ACQUIRE);
	for (i = 1; i <= n && i < KCOV_WORDS; i++) {
		/* The first is the module's entry, wherever that lies. */
		unsigned long place = covered[i] - covered[1];

		found += set_add(&edge_set, (__u64)last << 32 ^ place);
		last = place;
	}
	covered[0] = 0;
	return found;
}

unsigned int kcov_edges(void)
{
	return edge_set.count;
}

bool shape_is_new(__u64 shape)
{
	return set_add(&shape_set, shape);
}

unsigned int shapes(void)
{
	return shape_set.count;
}
