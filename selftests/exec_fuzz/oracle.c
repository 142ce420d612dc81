// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle, for the fuzzer: what `xelf diff` sees of a stopped program, and
 * the words in which it says what differs. Slow, and so not for each run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../tools/diff.h"
#include "exec_fuzz.h"

/* What the tool's files, which are linked in, say. */
void say(const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "exec_fuzz: %s%s", name, *name ? ": " : "");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
}

static struct facts facts[LOADER_COUNT];

/* Looks at a program that is stopped behind its exec. */
void oracle_look(int ours, pid_t pid)
{
	struct task task = { .pid = pid, .out = -1, .err = -1 };

	facts_free(&facts[ours]);
	observe_stopped(&task, &facts[ours]);
}

static void print_fact(void *to, size_t number, const char *field,
		       const char *theirs, const char *ours)
{
	/* Who wants all of them reproduces the finding. */
	if (number < 12)
		fprintf(to, "# %s: binfmt_elf %s, binfmt_xelf %s\n", field,
			theirs, ours);
}

/* Says where what was looked at differs, and forgets it; returns how often. */
size_t oracle_differences(FILE *to)
{
	size_t found = facts_compare(&facts[BINFMT_ELF], &facts[BINFMT_XELF],
				     print_fact, to);
	int i;

	for (i = 0; i < LOADER_COUNT; i++)
		facts_free(&facts[i]);
	return found;
}

/* Why our loader refuses what @exec does with @what. */
enum xelf_reason oracle_reason(void (*exec)(const void *), const void *what)
{
	struct counters before, after;

	if (module_counters(&before))
		exit(EXIT_FAILURE);
	exec(what);
	if (module_counters(&after))
		exit(EXIT_FAILURE);
	return counters_reason(&before, &after);
}
