// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf diff: runs one program under the kernel's loader and under ours, and
 * compares all that can be seen. The kernel's loader is the specification;
 * what may differ on purpose is in the rules below, and in
 * Documentation/differences.md by the same names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "diff.h"
#include "rules.h"

/**
 * struct result - what became of the program under one loader
 * @exec: of its exec
 * @facts: the rest
 */
struct result {
	struct outcome exec;
	struct facts facts;
};

static char *exec_text(const struct outcome *result)
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
	if (loader == BINFMT_XELF && result->exec.execed && !loads) {
		say("", "it was loaded, but not by binfmt_xelf: has binfmt_misc a rule for it?");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Of the file that was loaded: the path may be a script's. */
static bool runs_exclusive(const struct task *task)
{
	size_t size;
	char *file = task_file(task, "exe", &size);
	bool exclusive = size >= XELF_MAGIC_SIZE &&
			 xelf_is_exclusive((const __u8 *)file);

	free(file);
	return exclusive;
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
		result->exec.execed = task.execed;
		result->exec.err = task.exec_errno;
		if (!task.execed && WIFSIGNALED(task.status))
			result->exec.signal = WTERMSIG(task.status);
		if (loader == BINFMT_XELF && !task.execed)
			result->exec.reason = counters_reason(&before, &after);
		if (loader == BINFMT_XELF && task.execed)
			result->exec.exclusive = runs_exclusive(&task);
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

static void print_fact(void *context, size_t number, const char *field,
		       const char *theirs, const char *ours)
{
	print_difference(context, number, field, theirs, ours, NULL);
}

/* Return: EXIT_DONE if they are the same, but for what is meant. */
static int compare(const struct options *opt, const struct trial *trial,
		   struct result results[LOADER_COUNT])
{
	struct result *theirs = &results[BINFMT_ELF];
	struct result *ours = &results[BINFMT_XELF];
	char *how_theirs = exec_text(&theirs->exec);
	char *how_ours = exec_text(&ours->exec);
	const struct rule *rule = NULL;
	size_t differences = 0;

	if (opt->json) {
		printf("{\n  \"program\": ");
		print_json_string(trial->path);
		printf(",\n  \"exec\": ");
		print_json_string(how_ours);
		printf(",\n  \"differences\": [");
	}
	if (!same_outcome(&theirs->exec, &ours->exec)) {
		rule = find_rule(&theirs->exec, &ours->exec);
		print_difference(opt, 0, "exec", how_theirs, how_ours,
				 rule ? rule->name : NULL);
		differences = !rule;
	} else {
		differences = facts_compare(&theirs->facts, &ours->facts,
					    print_fact, (void *)opt);
	}
	if (opt->json)
		printf("\n  ],\n  \"facts\": %zu,\n  \"identical\": %s\n}\n",
		       theirs->facts.count, differences ? "false" : "true");
	else if (differences)
		printf("%zu difference(s)\n", differences);
	else if (rule)
		printf("identical but for what is meant so\n");
	else if (theirs->exec.execed)
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

	for (i = 0; i < RULE_COUNT; i++)
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
	if (!machine_has_pages("diff"))
		return EXIT_USAGE;
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
