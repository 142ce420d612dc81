// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a program lies and in what it runs: file systems, roots, namespaces and
 * personalities.
 */
#include "both.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#define DIR_	"/tmp/place_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */
#define MNT	DIR_ "mnt"

#define PAGE	4096UL

/* ---- in the program under test ---- */

static int child_report(void)
{
	struct utsname name;

	uname(&name);
	printf("personality %x\n", personality(0xffffffff));
	printf("system %s %s\n", name.release, name.machine);
	/* A process number would differ from run to run. */
	printf("init %d orphan %d\n", getpid() == 1, getppid() == 0);
	printf("mapped %p\n", mmap(NULL, PAGE, PROT_READ,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	printf("end\n");
	return 0;
}

static char *const argv_report[] = { CHILD, CHILD_PREFIX "report", NULL };

/* ---- the tests ---- */

FIXTURE(place) {
	struct run r[2];
	struct run how;
};

FIXTURE_SETUP(place)
{
	write_all(DIR_, PROGRAM, INTERP, CHILD);
}

FIXTURE_TEARDOWN(place)
{
	remove_dir(DIR_);
}

/* ---- personalities ---- */

static unsigned long wanted_personality;

static void set_personality(void)
{
	personality(ADDR_NO_RANDOMIZE | wanted_personality);
}

TEST_F(place, personalities_do_what_they_do_untagged)
{
	static const unsigned long all[] = {
		UNAME26, FDPIC_FUNCPTRS, SHORT_INODE, WHOLE_SECONDS,
		STICKY_TIMEOUTS, ADDR_LIMIT_3GB, ADDR_LIMIT_32BIT,
		ADDR_COMPAT_LAYOUT, PER_LINUX32, PER_LINUX32_3GB, PER_BSD,
		PER_SVR4, PER_HPUX, PER_MASK,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct run plain = { .setup = set_personality };
		struct run report = {
			.argv = argv_report,
			.setup = set_personality,
		};
		unsigned long kept = all[i] | ADDR_NO_RANDOMIZE;

		wanted_personality = all[i];
		run_both(_metadata, PROGRAM, &plain, self->r, 1);
		EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
		run_both(_metadata, CHILD, &report, self->r, 1);
		EXPECT_EQ(0, self->r[1].status);
		EXPECT_EQ(TEST_PERSONALITY(kept),
			  number_of(seen[1], "personality"));
	}
}

/* ---- file systems ---- */

FIXTURE(fs) {
	struct run r[2];
	struct run how;
	bool mounted;
};

FIXTURE_VARIANT(fs) {
	const char *commands[4];
};

FIXTURE_VARIANT_ADD(fs, tmpfs) {
	.commands = { "mount -t tmpfs none " MNT },
};

FIXTURE_VARIANT_ADD(fs, ramfs) {
	.commands = { "mount -t ramfs none " MNT },
};

FIXTURE_VARIANT_ADD(fs, ext4) {
	.commands = {
		"modprobe -a loop ext4",
		"truncate -s 8M " DIR_ "image",
		"mke2fs -F " DIR_ "image >/dev/null",
		"mount -t ext4 -o loop " DIR_ "image " MNT,
	},
};

#define LOWER	DIR_ "lower"
#define UPPER	DIR_ "upper"
#define WORK	DIR_ "work"

FIXTURE_VARIANT_ADD(fs, overlay) {
	.commands = {
		"modprobe overlay",
		"mkdir " LOWER " " UPPER " " WORK,
		"cp -p " PROGRAM " " INTERP " " LOWER,
		"mount -t overlay -o lowerdir=" LOWER ",upperdir=" UPPER
		",workdir=" WORK " none " MNT,
	},
};

FIXTURE_SETUP(fs)
{
	size_t i;

	write_all(DIR_, PROGRAM, INTERP, CHILD);
	/* It names no interpreter, and so may be copied. */
	write_program(PROGRAM, ET_EXEC, NULL);
	if (mkdir(MNT, 0755))
		die("%s: mkdir", MNT);
	self->mounted = true;
	for (i = 0; i < ARRAY_SIZE(variant->commands) && self->mounted; i++)
		if (variant->commands[i])
			self->mounted = command(variant->commands[i]);
}

FIXTURE_TEARDOWN(fs)
{
	if (self->mounted)
		command("umount " MNT);
	command("rm -rf " DIR_);
}

TEST_F(fs, a_program_and_its_interpreter_run_from_it)
{
	if (!self->mounted)
		SKIP(return, "no such file system here");
	/* On the overlay this copy is the lower file system's. */
	if (!access(MNT "/program", F_OK)) {
		run_both(_metadata, MNT "/program", &self->how, self->r, 1);
		EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	}
	write_interp(MNT "/interp", ET_DYN);
	write_program(MNT "/program", ET_DYN, MNT "/interp");
	run_both(_metadata, MNT "/program", &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], " " MNT "/program\n"));
	EXPECT_NE(NULL, strstr(seen[1], " " MNT "/interp\n"));
	/* As a place that says no. */
	ASSERT_EQ(0, mount(NULL, MNT, NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC,
			   NULL));
	run_both(_metadata, MNT "/program", &self->how, self->r, 0);
	EXPECT_EQ(EACCES, self->r[1].err);
}

/* ---- roots and namespaces ---- */

static int exec_in_chroot(const char *path, char *const *argv,
			  char *const *envp)
{
	if (chroot(DIR_) || chdir("/"))
		return -1;
	return execve("/program", argv, envp);
}

TEST_F(place, an_interpreter_is_looked_up_below_the_root)
{
	write_program(PROGRAM, ET_DYN, "/interp");
	/* The twin: it is not to be found from here. */
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(ENOENT, self->r[1].err);
	self->how.exec = exec_in_chroot;
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_NE(0UL, auxv_of(seen[1], AT_BASE));
}

static int exec_as_init(const char *path, char *const *argv, char *const *envp)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		return -1;
	pid = fork();
	if (!pid) {
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", "/proc", "proc", 0, NULL))
			_exit(125);
		execve(path, argv, envp);
		_exit(126);
	}
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 124);
}

TEST_F(place, a_tagged_program_is_a_pid_namespaces_init)
{
	self->how.argv = argv_report;
	self->how.exec = exec_as_init;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "init 1 orphan 1\n"));
	EXPECT_NE(NULL, strstr(seen[1], "end\n"));
}

static int exec_proc_fd(const char *path, char *const *argv, char *const *envp)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 || dup3(fd, 40, O_CLOEXEC) < 0)
		return -1;
	return execve("/proc/self/fd/40", argv, envp);
}

TEST_F(place, a_program_is_run_by_its_link_in_proc)
{
	self->how.exec = exec_proc_fd;
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], CHILD_PREFIX "report"))
		return child_report();
	return test_harness_run(argc, argv);
}
