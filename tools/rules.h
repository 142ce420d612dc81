/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In what the loaders may differ: the rules of `xelf diff`, which the fuzzer of
 * execs has, too. Documentation/differences.md has the reasons, by the same
 * names.
 */
#ifndef _TOOLS_RULES_H
#define _TOOLS_RULES_H

#include <signal.h>

#include <xelf/check.h>

/**
 * struct outcome - what became of an exec under one loader
 * @execed: it succeeded
 * @err: its errno, if it failed with one
 * @signal: the signal that killed the task within it
 * @reason: why our loader refused it, or XELF_OK
 * @exclusive: our loader runs it, and it has the exclusive form
 */
struct outcome {
	bool execed;
	int err;
	int signal;
	enum xelf_reason reason;
	bool exclusive;
};

/**
 * struct rule - a difference that is there on purpose
 * @name: its heading in Documentation/differences.md
 * @allows: is it this one? @theirs: the kernel's loader's outcome, @ours: ours
 */
struct rule {
	const char *name;
	bool (*allows)(const struct outcome *theirs,
		       const struct outcome *ours);
};

/* A fault that kills there is an errno here. */
static inline bool rule_refused_early(const struct outcome *theirs,
				      const struct outcome *ours)
{
	return theirs->signal == SIGSEGV && !ours->execed &&
	       ours->err == xelf_reason_errno(ours->reason) &&
	       (ours->err == EINVAL || ours->err == ELIBBAD);
}

/* The kernel's loader does not look at the tag. */
static inline bool rule_tag_refused(const struct outcome *theirs,
				    const struct outcome *ours)
{
	(void)theirs;
	return !ours->execed && ours->err == EBADMSG &&
	       (ours->reason == XELF_STALE_TAG ||
		ours->reason == XELF_UNKNOWN_VERSION ||
		ours->reason == XELF_UNKNOWN_FLAGS);
}

static inline bool rule_exclusive_form(const struct outcome *theirs,
				       const struct outcome *ours)
{
	return theirs->err == ENOEXEC && ours->execed && ours->exclusive;
}

static const struct rule rules[] = {
	{ "refused-early", rule_refused_early },
	{ "tag-refused", rule_tag_refused },
	{ "exclusive-form", rule_exclusive_form },
};

#define RULE_COUNT	(sizeof(rules) / sizeof(rules[0]))

/**
 * find_rule() - which rule is it that allows a difference?
 * @theirs: what the exec came to under the kernel's loader
 * @ours: the same, under ours
 *
 * Return: the rule, or NULL: it must not be.
 */
static inline const struct rule *find_rule(const struct outcome *theirs,
					   const struct outcome *ours)
{
	size_t i;

	for (i = 0; i < RULE_COUNT; i++)
		if (rules[i].allows(theirs, ours))
			return &rules[i];
	return NULL;
}

static inline bool same_outcome(const struct outcome *theirs,
				const struct outcome *ours)
{
	return theirs->execed == ours->execed && theirs->err == ours->err &&
	       theirs->signal == ours->signal;
}

#endif /* _TOOLS_RULES_H */
