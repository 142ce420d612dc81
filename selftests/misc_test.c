// SPDX-License-Identifier: GPL-2.0-only
/*
 * Together with binfmt_misc: a tagged program as the interpreter of a rule,
 * and a rule that wants the tagged files for itself.
 */
#include "both.h"

#include <sys/auxv.h>
#include <sys/mount.h>

#define DIR_	"/tmp/misc_test/"
#define INTERP	DIR_ "interp"	/* this program, tagged */
#define WINNER	DIR_ "winner"	/* this program, untagged */
#define FILE_	DIR_ "file.xelftest"
#define PROGRAM	DIR_ "program"	/* the probe, tagged */
#define MISC	"/proc/sys/fs/binfmt_misc"
#define RANDOMIZE	"/proc/sys/kernel/randomize_va_space"
#define TEXT	"what the rule is for\n"

/* Since 5.12; the first argument is then the file's path, not the caller's. */
#ifndef AT_FLAGS_PRESERVE_ARGV0
#define AT_FLAGS_PRESERVE_ARGV0	1
#endif

/* ---- in the programs under test ---- */

/* The interpreter of the rule: what did it get? */
static int interpret(int argc, char **argv)
{
	char text[64] = "", **env = environ;
	const unsigned long *auxv;
	int fd, i;

	printf("argc %d\n", argc);
	for (i = 0; i < argc; i++)
		printf("arg %s\n", argv[i]);
	while (*env)
		env++;
	/* Not from /proc, which is closed to a program with new credentials. */
	for (auxv = (unsigned long *)(env + 1); *auxv; auxv += 2)
		printf("auxv %lx %lx\n", auxv[0], auxv[1]);
	errno = 0;
	fd = getauxval(AT_EXECFD);
	if (errno) {
		printf("no execfd\n");
	} else {
		printf("execfd-flags %d\n", fcntl(fd, F_GETFL) & O_ACCMODE);
		if (read(fd, text, sizeof(text) - 1) < 0)
			printf("execfd-errno %d\n", errno);
		printf("execfd-text %s\n", text);
	}
	printf("secure %lu\n", getauxval(AT_SECURE));
	printf("uid %u %u\n", getuid(), geteuid());
	printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
	printf("end\n");
	return 0;
}

/* ---- the tests ---- */

static bool loaded_module(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return !access(path, F_OK);
}

static void mount_misc(void)
{
	if (!access(MISC "/register", F_OK))
		return;
	if (mount("binfmt_misc", MISC, "binfmt_misc", 0, NULL))
		die("mount of binfmt_misc");
}

/* Writes to a file of binfmt_misc; returns 0 or an errno. */
static int tell_misc(const char *name, const char *text)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), MISC "/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

FIXTURE(misc) {
	struct run r[2];
	struct run how;
	bool usable;
};

FIXTURE_SETUP(misc)
{
	fresh_dir(DIR_);
	self->usable = !access(MISC "/register", F_OK) ||
		       command("modprobe binfmt_misc 2>/dev/null");
	if (!self->usable)
		SKIP(return, "this kernel has no binfmt_misc");
	mount_misc();
	tell_misc("status", "-1");
	/* New credentials put an end to the personality that run() asks for. */
	write_text(RANDOMIZE, "0");
	write_self(INTERP);
	copy_file("/proc/self/exe", WINNER);
	write_file(FILE_, TEXT, strlen(TEXT), 0755);
	write_program(PROGRAM, ET_EXEC, NULL);
}

FIXTURE_TEARDOWN(misc)
{
	write_text(RANDOMIZE, "2");
	tell_misc("status", "-1");
	remove_dir(DIR_);
}

static char *const file_argv[] = { "the caller's name", "an argument", NULL };

/* Runs the file by a rule with @flags. */
static void run_by_rule(struct __test_metadata *_metadata, const char *flags,
			struct run *how, struct run r[2])
{
	char rule[256];

	snprintf(rule, sizeof(rule), ":xelftest:E::xelftest::%s:%s", INTERP,
		 flags);
	ASSERT_EQ(0, tell_misc("register", rule));
	how->argv = file_argv;
	run_both(_metadata, FILE_, how, r, 1);
	EXPECT_EQ(0, tell_misc("xelftest", "-1"));
	EXPECT_EQ(0, r[1].err);
	EXPECT_EQ(0, r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
	EXPECT_NE(NULL, strstr(seen[1], "arg " INTERP "\narg " FILE_ "\n")) {
		TH_LOG("%s", seen[1]);
	}
	EXPECT_NE(NULL, strstr(seen[1], "execfn " FILE_ "\n"));
}

TEST_F(misc, a_tagged_program_interprets_without_AT_EXECFD)
{
	run_by_rule(_metadata, "", &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], "argc 3\n"));
	EXPECT_NE(NULL, strstr(seen[1], "no execfd\n"));
	EXPECT_EQ(~0UL, auxv_of(seen[1], AT_EXECFD));
	EXPECT_EQ(0UL, auxv_of(seen[1], AT_FLAGS));
}

/*
 * That the entry stands where the kernel puts it is in the comparison of both
 * vectors, entry by entry.
 */
TEST_F(misc, flag_O_gives_AT_EXECFD_and_it_can_be_read)
{
	run_by_rule(_metadata, "O", &self->how, self->r);
	EXPECT_NE(~0UL, auxv_of(seen[1], AT_EXECFD));
	EXPECT_NE(NULL, strstr(seen[1], "execfd-text " TEXT));
	EXPECT_NE(NULL, strstr(seen[1], "execfd-flags 0\n"));
}

TEST_F(misc, flag_O_opens_what_the_caller_cannot_read)
{
	long loaded = counter("loaded");

	if (chmod(FILE_, 0711))
		die("chmod");
	self->how.setup = become_nobody;
	run_by_rule(_metadata, "O", &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], "execfd-text " TEXT));
	EXPECT_EQ(1, counter("loaded") - loaded);
}

/* AT_FLAGS are the same under both; what they are is the kernel's. */
static void expect_preserved(struct __test_metadata *_metadata)
{
	unsigned long flags = auxv_of(seen[1], AT_FLAGS);

	EXPECT_EQ(auxv_of(seen[0], AT_FLAGS), flags);
	/* In 5.10 only from 5.10.224 or later on. */
	if (kernel_release() < KERNEL(5, 12))
		return;
	EXPECT_EQ((unsigned long)AT_FLAGS_PRESERVE_ARGV0, flags);
}

TEST_F(misc, flag_P_keeps_argv0_and_says_so_in_AT_FLAGS)
{
	run_by_rule(_metadata, "P", &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], "argc 4\n"));
	EXPECT_NE(NULL, strstr(seen[1], "arg the caller's name\n"));
	expect_preserved(_metadata);
}

TEST_F(misc, flag_C_gives_the_files_credentials_to_the_interpreter)
{
	if (chown(FILE_, OTHER, OTHER) || chmod(FILE_, 04755))
		die("chown, chmod");
	self->how.setup = become_nobody;
	/* The twin: without the flag the interpreter's own count. */
	run_by_rule(_metadata, "O", &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], "uid 65534 65534\n"));
	EXPECT_NE(NULL, strstr(seen[1], "secure 0\n"));

	run_by_rule(_metadata, "C", &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], "uid 65534 1234\n"));
	EXPECT_NE(NULL, strstr(seen[1], "secure 1\n"));
	EXPECT_NE(~0UL, auxv_of(seen[1], AT_EXECFD));
}

TEST_F(misc, all_flags_together_do_what_each_does)
{
	run_by_rule(_metadata, "POCF", &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], "execfd-text " TEXT));
	EXPECT_NE(NULL, strstr(seen[1], "arg the caller's name\n"));
	expect_preserved(_metadata);
}

/* ---- who comes first ---- */

#define RULE	":xelfmagic:M:9:XELF::" WINNER ":"

/* Takes a module out and puts it in again: it is then the first to be asked. */
static bool reload(const char *name)
{
	char line[256];

	snprintf(line, sizeof(line), "rmmod %s && modprobe %s", name, name);
	return command(line);
}

static void expect_winner(struct __test_metadata *_metadata, bool ours)
{
	struct run r = {
		.output = seen[1],
		.output_size = sizeof(seen[1]),
	};
	long loaded = counter("loaded");

	run(PROGRAM, &r);
	EXPECT_EQ(0, r.err);
	EXPECT_EQ(ours, counter("loaded") - loaded);
	EXPECT_EQ(ours ? PROBE_STATUS : 0, WEXITSTATUS(r.status));
	EXPECT_EQ(!ours, !strncmp(seen[1], "the rule won\n", 13));
}

TEST_F(misc, loaded_later_binfmt_miscs_rules_win)
{
	if (!loaded_module("binfmt_misc"))
		SKIP(return, "binfmt_misc is built in: it is always first in time");
	ASSERT_EQ(0, umount(MISC));
	ASSERT_TRUE(reload("binfmt_misc"));
	mount_misc();
	/* Without a rule the file is ours. */
	expect_winner(_metadata, true);
	ASSERT_EQ(0, tell_misc("register", RULE));
	expect_winner(_metadata, false);
	ASSERT_EQ(0, tell_misc("xelfmagic", "0"));
	expect_winner(_metadata, true);
	ASSERT_EQ(0, tell_misc("xelfmagic", "-1"));
}

#define NAMED		DIR_ "named"
#define SUBSTITUTE	DIR_ "substitute"
#define PIE_		DIR_ "pie.xelftest"

/* Both loaders map the file of the rule in the place of PT_INTERP's. */
TEST_F(misc, flag_L_puts_another_interpreter_in_the_place_of_the_named_one)
{
	int err;

	if (!loaded_module("binfmt_misc"))
		SKIP(return, "binfmt_misc is built in: it is asked after us");
	ASSERT_EQ(0, umount(MISC));
	ASSERT_TRUE(reload("binfmt_misc"));
	mount_misc();
	err = tell_misc("register", ":xelfsubst:E::xelftest::" SUBSTITUTE ":L");
	if (err == EINVAL)
		SKIP(return, "binfmt_misc has no flag L before 7.3");
	ASSERT_EQ(0, err);
	write_interp(NAMED, ET_DYN);
	write_interp(SUBSTITUTE, ET_DYN);
	write_program(PIE_, ET_DYN, NAMED);
	run_both(_metadata, PIE_, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], SUBSTITUTE));
	EXPECT_EQ(NULL, strstr(seen[1], NAMED));
	/* It is ours to release: afterwards it can be written again. */
	write_interp(SUBSTITUTE, ET_DYN);

	/* One that names none has nothing to be replaced. */
	write_program(PIE_, ET_EXEC, NULL);
	run_both(_metadata, PIE_, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_EQ(NULL, strstr(seen[1], SUBSTITUTE));
	write_interp(SUBSTITUTE, ET_DYN);
	ASSERT_EQ(0, tell_misc("xelfsubst", "-1"));
}

TEST_F(misc, loaded_earlier_its_rules_do_not_see_tagged_files)
{
	struct run r = {};

	ASSERT_TRUE(reload("binfmt_xelf"));
	ASSERT_EQ(0, tell_misc("register", RULE));
	expect_winner(_metadata, true);
	/* Switched off, we hand them on to the next: that is the rule. */
	r.output = seen[0];
	r.output_size = sizeof(seen[0]);
	run_under(false, PROGRAM, &r);
	EXPECT_EQ(0, strncmp(seen[0], "the rule won\n", 13));
	/* What we refuse is not handed on. */
	ASSERT_EQ(0, truncate(PROGRAM, 100));
	run(PROGRAM, &r);
	EXPECT_EQ(EBADMSG, r.err);
	ASSERT_EQ(0, tell_misc("xelfmagic", "-1"));
}

int main(int argc, char **argv)
{
	if (argc && !strcmp(argv[0], INTERP))
		return interpret(argc, argv);
	if (argc && !strcmp(argv[0], WINNER)) {
		puts("the rule won");
		return 0;
	}
	return test_harness_run(argc, argv);
}
