// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf diff: runs one program under the kernel's loader and under ours, and
 * compares all that can be seen. The kernel's loader is the specification;
 * what may differ on purpose is in the rules below, and in
 * Documentation/differences.md by the same names.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "diff.h"

/**
 * struct result - what became of the program under one loader
 * @execed: the exec succeeded
 * @err: the exec's errno, if it failed with one
 * @signal: the signal that killed it within the exec
 * @reason: why our loader refused it, or XELF_OK
 * @facts: the rest
 */
struct result {
	bool execed;
	int err;
	int signal;
	enum xelf_reason reason;
	struct facts facts;
};

/**
 * struct rule - a difference that is there on purpose
 * @name: its heading in Documentation/differences.md
 * @allows: is it this one? @theirs: the kernel's loader's result, @ours: ours
 */
struct rule {
	const char *name;
	bool (*allows)(const struct result *theirs, const struct result *ours);
};

/* A fault that kills there is an errno here. */
static bool refused_early(const struct result *theirs,
			  const struct result *ours)
{
	return theirs->signal == SIGSEGV && !ours->execed &&
	       ours->err == xelf_reason_errno(ours->reason) &&
	       (ours->err == EINVAL || ours->err == ELIBBAD);
}

/* The kernel's loader does not look at the tag. */
static bool tag_refused(const struct result *theirs, const struct result *ours)
{
	(void)theirs;
	return !ours->execed && ours->err == EBADMSG &&
	       (ours->reason == XELF_STALE_TAG ||
		ours->reason == XELF_UNKNOWN_VERSION ||
		ours->reason == XELF_UNKNOWN_FLAGS);
}

static bool exclusive_form(const struct result *theirs,
			   const struct result *ours)
{
	return theirs->err == ENOEXEC && ours->execed;
}

static const struct rule rules[] = {
	{ "refused-early", refused_early },
	{ "tag-refused", tag_refused },
	{ "exclusive-form", exclusive_form },
};

static const char *find_rule(const struct result *theirs,
			     const struct result *ours)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].allows(theirs, ours))
			return rules[i].name;
	return NULL;
}

static char *exec_text(const struct result *result)
{
	if (result->execed)
		return format("loads it");
	if (result->signal)
		return format("kills it with SIG%s",
			      sigabbrev_np(result->signal) ?: "?");
	if (result->reason)
		return format("refuses it with %s (%s)",
			      errno_name(result->err),
			      xelf_reason_name(result->reason));
	return format("refuses it with %s", errno_name(result->err));
}

/* Why our loader refused, by the counter that moved. */
static enum xelf_reason find_reason(const struct counters *before,
				    const struct counters *after)
{
	int i;

	for (i = XELF_DISABLED + 1; i < XELF_REASON_COUNT; i++)
		if (after->refused[i] > before->refused[i])
			return i;
	return XELF_OK;
}

/*
 * The counters must bear out that the loader meant was the one that loaded.
 * Another's load of a tagged program cannot be told from ours, but with the
 * switch off there can be none.
 */
static int check_loader(enum loader loader, const struct result *result,
			const struct counters *before,
			const struct counters *after)
{
	long loads = after->loaded - before->loaded;

	if (loader == BINFMT_ELF && loads) {
		say("", "switched off, the module loaded %ld program(s) all the same", loads);
		return EXIT_USAGE;
	}
	if (loader == BINFMT_XELF && result->execed && !loads) {
		say("", "it was loaded, but not by binfmt_xelf: has binfmt_misc a rule for it?");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static int run_under(enum loader loader, const struct trial *trial,
		     struct result *result)
{
	struct counters before, after;
	struct task task;
	int status;

	*result = (struct result){ };
	status = module_counters(&before);
	if (!status)
		status = module_use(loader);
	if (status)
		return status;
	status = task_start(&task, trial);
	if (!status)
		status = module_counters(&after);
	if (!status) {
		result->execed = task.execed;
		result->err = task.exec_errno;
		if (!task.execed && WIFSIGNALED(task.status))
			result->signal = WTERMSIG(task.status);
		if (loader == BINFMT_XELF && !task.execed)
			result->reason = find_reason(&before, &after);
		status = check_loader(loader, result, &before, &after);
	}
	if (!status && task.execed) {
		observe_stopped(&task, &result->facts);
		status = task_finish(&task, trial);
		if (!status)
			observe_end(&task, &result->facts);
	}
	task_kill(&task);
	return status;
}

/* One difference; @rule is NULL if it is none that is meant. */
static void print_difference(const struct options *opt, size_t number,
			     const char *field, const char *theirs,
			     const char *ours, const char *rule)
{
	char *a, *b;

	if (opt->json) {
		printf("%s\n    {\"field\": ", number ? "," : "");
		print_json_string(field);
		printf(", \"binfmt_elf\": ");
		print_json_string(theirs);
		printf(", \"binfmt_xelf\": ");
		print_json_string(ours);
		printf(", \"rule\": ");
		if (rule)
			print_json_string(rule);
		else
			printf("null");
		putchar('}');
		return;
	}
	a = escaped(theirs);
	b = escaped(ours);
	printf("%s: binfmt_elf %s, binfmt_xelf %s", field, a, b);
	if (rule)
		printf(": meant so (%s)", rule);
	putchar('\n');
	free(a);
	free(b);
}

/* Walks both lists, sorted by field. Returns the number of differences. */
static size_t compare_facts(const struct options *opt, struct facts *theirs,
			    struct facts *ours)
{
	const char *none = "(none)";
	size_t i = 0, j = 0, found = 0;

	facts_sort(theirs);
	facts_sort(ours);
	while (i < theirs->count || j < ours->count) {
		const struct fact *a = i < theirs->count ? &theirs->list[i] : NULL;
		const struct fact *b = j < ours->count ? &ours->list[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->field, b->field);

		if (order || strcmp(a->value, b->value))
			print_difference(opt, found++,
					 order <= 0 ? a->field : b->field,
					 order <= 0 ? a->value : none,
					 order >= 0 ? b->value : none, NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return found;
}

static bool same_exec(const struct result *theirs, const struct result *ours)
{
	return theirs->execed == ours->execed && theirs->err == ours->err &&
	       theirs->signal == ours->signal;
}

/* Return: EXIT_DONE if they are the same, but for what is meant. */
static int compare(const struct options *opt, const struct trial *trial,
		   struct result results[LOADER_COUNT])
{
	struct result *theirs = &results[BINFMT_ELF];
	struct result *ours = &results[BINFMT_XELF];
	char *how_theirs = exec_text(theirs);
	char *how_ours = exec_text(ours);
	const char *rule = NULL;
	size_t differences = 0;

	if (opt->json) {
		printf("{\n  \"program\": ");
		print_json_string(trial->path);
		printf(",\n  \"exec\": ");
		print_json_string(how_ours);
		printf(",\n  \"differences\": [");
	}
	if (!same_exec(theirs, ours)) {
		rule = find_rule(theirs, ours);
		print_difference(opt, 0, "exec", how_theirs, how_ours, rule);
		differences = !rule;
	} else {
		differences = compare_facts(opt, &theirs->facts, &ours->facts);
	}
	if (opt->json)
		printf("\n  ],\n  \"facts\": %zu,\n  \"identical\": %s\n}\n",
		       theirs->facts.count, differences ? "false" : "true");
	else if (differences)
		printf("%zu difference(s)\n", differences);
	else if (rule)
		printf("identical but for what is meant so\n");
	else if (theirs->execed)
		printf("identical\n");
	else
		printf("identical: each %s\n", how_theirs);
	free(how_theirs);
	free(how_ours);
	return differences ? EXIT_REFUSED : EXIT_DONE;
}

static int compare_once(const struct options *opt, const struct trial *trial)
{
	struct result results[LOADER_COUNT] = { };
	int status = EXIT_DONE;
	int loader;

	for (loader = 0; loader < LOADER_COUNT && !status; loader++)
		status = run_under(loader, trial, &results[loader]);
	if (!status)
		status = compare(opt, trial, results);
	for (loader = 0; loader < LOADER_COUNT; loader++)
		facts_free(&results[loader].facts);
	return status;
}

/**
 * trial_find_program() - which file to run, so that either loader may load it
 * @trial: its path is set to that of a tagged copy, if it has no tag itself; a
 *	script is left as it is, since its interpreter may be what is tagged
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying what is wrong.
 */
int trial_find_program(struct trial *trial)
{
	struct file file;
	const char *copy;
	bool needs_tag;
	int status;

	status = file_open(&file, trial->path, false);
	needs_tag = !status && file_is_elf(&file) && !xelf_is_tagged(file.first);
	file_close(&file);
	if (status)
		return EXIT_USAGE;
	if (!needs_tag)
		return EXIT_DONE;
	copy = copy_make("diff", trial->path, command_tag);
	if (!copy)
		return EXIT_USAGE;
	trial->path = copy;
	return EXIT_DONE;
}

static int print_rules(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		puts(rules[i].name);
	return EXIT_DONE;
}

/**
 * command_diff() - xelf diff
 * @opt: --json, --aslr, --timeout, --rules
 * @argv: the program and its arguments
 *
 * Return: EXIT_DONE if both loaders do the same, EXIT_REFUSED if not,
 * EXIT_USAGE if they cannot be compared.
 */
int command_diff(const struct options *opt, char **argv)
{
	struct trial trial = {
		.path = argv[0],
		.argv = argv,
		.aslr = opt->aslr,
		.timeout = opt->timeout ? opt->timeout : 60,
	};
	int status;

	if (opt->rules)
		return print_rules();
	status = module_take(copy_remove);
	if (!status)
		status = trial_find_program(&trial);
	if (!status && !opt->json)
		say("", "until this ends, tagged programs on this machine run under either loader");
	if (!status)
		status = opt->aslr ?
			 spread_compare(&trial, opt->aslr, opt->json) :
			 compare_once(opt, &trial);
	module_give_back();
	copy_forget();
	return status;
}
