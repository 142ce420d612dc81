// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that cannot be loaded: the errno, the reason that is counted, and
 * that nothing is left behind.
 *
 * Where the kernel's loader gives an errno for the same bytes, ours must be
 * the same; where it kills the task, ours is an errno; a broken tag is ours
 * alone. The table says which.
 */
#include <kselftest.h>

#include "cases.h"
#include "probe.h"
#include "xelf_test.h"

#define PROGRAM	"/tmp/refuse_test.program"

/* A refused exec must not leave either file write-protected. */
static bool writable(const char *path)
{
	int err = try_open(path, O_RDWR);

	if (err)
		ksft_print_msg("%s: %s\n", path, strerror(err));
	return !err;
}

/* What the kernel's loader makes of it. */
static bool as_the_kernel(const struct image_case *c, const struct run *theirs)
{
	bool good;

	if (!c->rule)
		good = theirs->err == c->err;
	else if (c->damage)
		good = theirs->err != c->err;
	else
		good = !theirs->err && WIFSIGNALED(theirs->status) &&
		       WTERMSIG(theirs->status) == SIGSEGV;
	if (!good)
		ksft_print_msg("the kernel's loader: errno %d, status %x\n",
			       theirs->err, theirs->status);
	return good;
}

static bool refused(const struct image_case *c)
{
	struct run theirs = {}, ours = {};
	bool has_interp;
	char name[64];
	long count;

	snprintf(name, sizeof(name), "refused-%s", c->reason);
	has_interp = case_write(c, PROGRAM);
	run_under(false, PROGRAM, &theirs);
	count = counter(name);
	run_under(true, PROGRAM, &ours);
	count = counter(name) - count;

	if (!as_the_kernel(c, &theirs))
		return false;
	if (ours.err != c->err) {
		ksft_print_msg("errno %d, not %d; status %x\n", ours.err,
			       c->err, ours.status);
		return false;
	}
	/* Up to 6.12, when nobody takes a file, the formats are asked twice. */
	if (count != 1 && !(ours.err == ENOEXEC && count == 2)) {
		ksft_print_msg("counted %ld times\n", count);
		return false;
	}
	return writable(PROGRAM) &&
	       (!has_interp || writable(PROGRAM INTERP_SUFFIX));
}

int main(void)
{
	const struct image_case *c;
	unsigned int cases = 0;
	size_t i;

	ksft_print_header();
	for (i = 0; (c = case_at(i)); i++)
		cases += !!c->reason;
	ksft_set_plan(cases);
	for (i = 0; (c = case_at(i)); i++)
		if (c->reason)
			ksft_test_result(refused(c), "refuses %s: %s\n",
					 c->name, c->reason);
	unlink(PROGRAM);
	unlink(PROGRAM INTERP_SUFFIX);
	ksft_finished();
}
