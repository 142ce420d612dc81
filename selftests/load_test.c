// SPDX-License-Identifier: GPL-2.0-only
/*
 * The images that load: each is run under the kernel's loader and under ours,
 * from one inode, and what the program saw must be the same.
 *
 * No expectation is written here but one: that the kernel runs these at all,
 * where the table does not say otherwise.
 */
#include <kselftest.h>

#include "cases.h"
#include "probe.h"
#include "xelf_test.h"

#define PROGRAM	"/tmp/load_test.program"

static char seen[2][1 << 20];

/* Runs it under both. Returns false if a loader came in that was not meant. */
static bool run_each(struct run r[2], long *loaded)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		r[ours].output = seen[ours];
		r[ours].output_size = sizeof(seen[ours]);
		*loaded = counter("loaded");
		run_under(ours, PROGRAM, &r[ours]);
		*loaded = counter("loaded") - *loaded;
		if (!ours && *loaded) {
			ksft_print_msg("switched off, yet it was loaded\n");
			return false;
		}
	}
	return true;
}

/* Did our loader's run get to the probe's end? */
static bool ran(const struct run *r, long loaded)
{
	if (r->err || WEXITSTATUS(r->status) != PROBE_STATUS || loaded != 1) {
		ksft_print_msg("errno %d, status %x, loaded %ld\n", r->err,
			       r->status, loaded);
		return false;
	}
	if (!strstr(r->output, "\nend\n")) {
		ksft_print_msg("the report is cut off\n");
		return false;
	}
	return true;
}

static bool same(const struct image_case *c)
{
	struct run r[2] = {};
	long loaded;

	case_write(c, PROGRAM);
	if (!run_each(r, &loaded))
		return false;
	if (!c->any_end && !ran(&r[1], loaded))
		return false;
	/* The exclusive form is no ELF file to others. */
	if (c->rule)
		return r[0].err == ENOEXEC;
	if (r[0].err || r[1].err || r[0].status != r[1].status) {
		ksft_print_msg("errno %d and %d, status %x and %x\n", r[0].err,
			       r[1].err, r[0].status, r[1].status);
		return false;
	}
	return same_text(seen[0], seen[1]);
}

int main(void)
{
	const struct image_case *c;
	unsigned int cases = 0;
	size_t i;

	ksft_print_header();
	for (i = 0; (c = case_at(i)); i++)
		cases += !c->reason;
	ksft_set_plan(cases);
	for (i = 0; (c = case_at(i)); i++)
		if (!c->reason)
			ksft_test_result(same(c), "loads %s\n", c->name);
	unlink(PROGRAM);
	unlink(PROGRAM INTERP_SUFFIX);
	ksft_finished();
}
