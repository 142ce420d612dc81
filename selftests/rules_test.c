// SPDX-License-Identifier: GPL-2.0-only
/* In what the loaders may differ, and in what they may not: tools/rules.h. */
#include <errno.h>
#include <kselftest_harness.h>

#include "../tools/rules.h"

static const struct outcome loads = { .execed = true };
static const struct outcome killed = { .signal = SIGSEGV };
static const struct outcome no_exec = { .err = ENOEXEC };

static const char *rule_of(const struct outcome *theirs,
			   const struct outcome *ours)
{
	const struct rule *rule = find_rule(theirs, ours);

	return rule ? rule->name : "none";
}

TEST(a_kill_may_be_an_errno)
{
	struct outcome ours = { .err = EINVAL, .reason = XELF_VADDR_OUT_OF_RANGE };

	EXPECT_STREQ("refused-early", rule_of(&killed, &ours));
	EXPECT_STREQ("none", rule_of(&loads, &ours));
	EXPECT_STREQ("none", rule_of(&no_exec, &ours));
}

TEST(a_kill_may_not_be_another_errno)
{
	/* Not the reason's, and none that a kill may become. */
	struct outcome other = { .err = ELIBBAD, .reason = XELF_VADDR_OUT_OF_RANGE };
	struct outcome stranger = { .err = ENOMEM };

	EXPECT_STREQ("none", rule_of(&killed, &other));
	EXPECT_STREQ("none", rule_of(&killed, &stranger));
	EXPECT_STREQ("none", rule_of(&killed, &loads));
}

TEST(a_tag_may_be_refused_whatever_the_kernel_does)
{
	struct outcome ours = { .err = EBADMSG, .reason = XELF_STALE_TAG };

	EXPECT_STREQ("tag-refused", rule_of(&loads, &ours));
	EXPECT_STREQ("tag-refused", rule_of(&killed, &ours));
	EXPECT_STREQ("tag-refused", rule_of(&no_exec, &ours));
	ours.reason = XELF_OK;
	EXPECT_STREQ("none", rule_of(&loads, &ours));
}

TEST(only_the_exclusive_form_may_run_here_alone)
{
	struct outcome exclusive = { .execed = true, .exclusive = true };
	struct outcome denied = { .err = EACCES };

	EXPECT_STREQ("exclusive-form", rule_of(&no_exec, &exclusive));
	EXPECT_STREQ("none", rule_of(&no_exec, &loads));
	EXPECT_STREQ("none", rule_of(&denied, &exclusive));
}

TEST_HARNESS_MAIN
