// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credentials: programs that gain rights when they are run, those that must
 * not, and who may look at them.
 */
#include "both.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#define DIR_	"/tmp/creds_test/"
#define CHILD	DIR_ "child"	/* this program */
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"

#define DYNAMIC	"/usr/bin/xelf"	/* scripts/vm brings it, and its libraries */
#define COPY	DIR_ "dynamic"

/* ---- in the program under test ---- */

static int child_report(void)
{
	static const char *const names[] = {
		"Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
		"NoNewPrivs", NULL
	};
	unsigned int r, e, s;
	struct rlimit limit;
	struct stat st;
	int signal = -1;

	getresuid(&r, &e, &s);
	printf("uids %u %u %u\n", r, e, s);
	getresgid(&r, &e, &s);
	printf("gids %u %u %u\n", r, e, s);
	printf("auxv-ids %lu %lu %lu %lu\n", getauxval(AT_UID),
	       getauxval(AT_EUID), getauxval(AT_GID), getauxval(AT_EGID));
	printf("secure %lu\n", getauxval(AT_SECURE));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	if (stat("/proc/self/environ", &st))
		die("/proc/self/environ");
	printf("proc-owner %u %u\n", st.st_uid, st.st_gid);
	printf("read-exe %d\n", try_open("/proc/self/exe", O_RDONLY));
	printf("read-maps %d\n", try_open("/proc/self/maps", O_RDONLY));
	printf("personality %x\n", personality(0xffffffff));
	prctl(PR_GET_PDEATHSIG, &signal);
	printf("pdeathsig %d\n", signal);
	printf("keepcaps %d\n", prctl(PR_GET_KEEPCAPS));
	printf("securebits %x\n", prctl(PR_GET_SECUREBITS));
	getrlimit(RLIMIT_STACK, &limit);
	printf("stack-limit %lx\n", limit.rlim_cur);
	printf("preload %s\n", getenv("LD_PRELOAD") ? : "none");
	report_status(names);
	printf("end\n");
	return 0;
}

/* ---- the tests ---- */

static char *const argv_report[] = { CHILD, CHILD_PREFIX "report", NULL };

FIXTURE(creds) {
	struct run r[2];
	struct run how;
};

FIXTURE_SETUP(creds)
{
	self->how.argv = argv_report;
	self->how.setup = become_nobody;
	fresh_dir(DIR_);
	write_self(CHILD);
}

FIXTURE_TEARDOWN(creds)
{
	umount2(DIR_ "mnt", MNT_DETACH);
	rmdir(DIR_ "mnt");
	remove_dir(DIR_);
}

static void set_owner(const char *path, int uid, int gid, int mode)
{
	if (chown(path, uid, gid) || chmod(path, mode))
		die("%s: chown, chmod", path);
}

/* The child ran to its end under both loaders, and saw the same. */
static void report_both(struct __test_metadata *_metadata, const char *path,
			const struct run *how, struct run r[2])
{
	run_both(_metadata, path, how, r, 1);
	EXPECT_EQ(0, r[1].err);
	EXPECT_EQ(0, r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n")) {
		TH_LOG("%s", seen[1]);
	}
}

#define EXPECT_SEEN(line)	EXPECT_NE(NULL, strstr(seen[1], line))

TEST_F(creds, nothing_is_gained_without_a_mode_bit)
{
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("gids 65534 65534 65534\n");
	EXPECT_SEEN("auxv-ids 65534 65534 65534 65534\n");
	EXPECT_SEEN("secure 0\n");
	EXPECT_SEEN("dumpable 1\n");
	EXPECT_SEEN("proc-owner 65534 65534\n");
	EXPECT_SEEN("read-exe 0\n");
	EXPECT_SEEN("Groups:\t4321");
	EXPECT_SEEN("CapEff:\t0000000000000000\n");
}

TEST_F(creds, gives_AT_SECURE_to_setuid_root_programs)
{
	set_owner(CHILD, 0, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 0 0\n");
	EXPECT_SEEN("gids 65534 65534 65534\n");
	EXPECT_SEEN("auxv-ids 65534 0 65534 65534\n");
	EXPECT_SEEN("secure 1\n");
	EXPECT_SEEN("dumpable 0\n");
	EXPECT_SEEN("proc-owner 0 0\n");
	EXPECT_EQ(NULL, strstr(seen[1], "CapEff:\t0000000000000000\n"));
}

TEST_F(creds, gives_AT_SECURE_to_programs_that_are_setuid_to_another_user)
{
	set_owner(CHILD, OTHER, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 1234 1234\n");
	EXPECT_SEEN("auxv-ids 65534 1234 65534 65534\n");
	EXPECT_SEEN("secure 1\n");
	EXPECT_SEEN("dumpable 0\n");
	EXPECT_SEEN("proc-owner 0 0\n");
	EXPECT_SEEN("CapEff:\t0000000000000000\n");
}

TEST_F(creds, gives_AT_SECURE_to_setgid_programs)
{
	set_owner(CHILD, NOBODY, OTHER, 02755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("gids 65534 1234 1234\n");
	EXPECT_SEEN("auxv-ids 65534 65534 65534 1234\n");
	EXPECT_SEEN("secure 1\n");
	EXPECT_SEEN("dumpable 0\n");
}

TEST_F(creds, setgid_without_group_execute_gains_nothing)
{
	set_owner(CHILD, NOBODY, OTHER, 02745);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("gids 65534 65534 65534\n");
	EXPECT_SEEN("secure 0\n");
}

TEST_F(creds, a_setuid_program_run_by_its_owner_is_not_secure)
{
	set_owner(CHILD, NOBODY, NOBODY, 06755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("secure 0\n");
	EXPECT_SEEN("dumpable 1\n");
}

TEST_F(creds, a_setuid_root_program_run_by_root_is_not_secure)
{
	self->how.setup = NULL;
	set_owner(CHILD, 0, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 0 0 0\n");
	EXPECT_SEEN("secure 0\n");
	EXPECT_SEEN("dumpable 1\n");
}

static void become_nobody_with_habits(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	become_nobody();
	setrlimit(RLIMIT_STACK, &limit);
	personality(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO |
		    SHORT_INODE);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	prctl(PR_SET_DUMPABLE, 1);
}

TEST_F(creds, a_setuid_program_is_rid_of_the_callers_traps)
{
	struct rlimit limit;

	/* A hard limit would keep nobody from asking for no limit. */
	ASSERT_EQ(0, getrlimit(RLIMIT_STACK, &limit));
	self->how.setup = become_nobody_with_habits;
	/* The positive twin: without the mode bit they are all kept. */
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_EQ(TEST_PERSONALITY(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT |
				   MMAP_PAGE_ZERO | SHORT_INODE),
		  number_of(seen[1], "personality"));
	EXPECT_SEEN("pdeathsig 10\n");

	set_owner(CHILD, 0, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_EQ(TEST_PERSONALITY(SHORT_INODE),
		  number_of(seen[1], "personality"));
	EXPECT_SEEN("pdeathsig 0\n");
	EXPECT_SEEN("dumpable 0\n");
}

static void nobody_without_new_privileges(void)
{
	become_nobody();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("PR_SET_NO_NEW_PRIVS");
}

TEST_F(creds, no_new_privs_keeps_setuid_from_working)
{
	self->how.setup = nobody_without_new_privileges;
	set_owner(CHILD, 0, 0, 06755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("gids 65534 65534 65534\n");
	EXPECT_SEEN("secure 0\n");
	EXPECT_SEEN("NoNewPrivs:\t1\n");
	EXPECT_SEEN("CapEff:\t0000000000000000\n");
}

/* A tmpfs with @flags that holds the child, setuid root. */
static void mount_with(unsigned long flags, const char *path)
{
	if (mkdir(DIR_ "mnt", 0755) && errno != EEXIST)
		die("mkdir");
	if (mount("none", DIR_ "mnt", "tmpfs", flags, "mode=755"))
		die("mount");
	copy_file(CHILD, path);
	set_owner(path, 0, 0, 04755);
}

TEST_F(creds, a_nosuid_mount_keeps_setuid_from_working)
{
	mount_with(MS_NOSUID, DIR_ "mnt/child");
	report_both(_metadata, DIR_ "mnt/child", &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("secure 0\n");
	EXPECT_SEEN("dumpable 1\n");
	/* The mount alone makes the difference. */
	ASSERT_EQ(0, mount(NULL, DIR_ "mnt", NULL, MS_REMOUNT, NULL));
	report_both(_metadata, DIR_ "mnt/child", &self->how, self->r);
	EXPECT_SEEN("uids 65534 0 0\n");
}

TEST_F(creds, a_noexec_mount_gives_EACCES)
{
	mount_with(MS_NOEXEC, DIR_ "mnt/child");
	run_both(_metadata, DIR_ "mnt/child", &self->how, self->r, 0);
	EXPECT_EQ(EACCES, self->r[1].err);
	ASSERT_EQ(0, mount(NULL, DIR_ "mnt", NULL, MS_REMOUNT, NULL));
	report_both(_metadata, DIR_ "mnt/child", &self->how, self->r);
}

TEST_F(creds, an_interpreter_on_a_noexec_mount_gives_EACCES)
{
	long refused = counter("refused-interpreter-not-opened");

	mount_with(MS_NOEXEC, DIR_ "mnt/child");
	write_interp(DIR_ "mnt/interp", ET_DYN);
	write_program(PROGRAM, ET_DYN, DIR_ "mnt/interp");
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(EACCES, self->r[1].err);
	EXPECT_EQ(1, counter("refused-interpreter-not-opened") - refused);
}

TEST_F(creds, without_the_execute_bit_it_is_EACCES)
{
	set_owner(CHILD, 0, 0, 0644);
	self->how.setup = NULL;
	run_both(_metadata, CHILD, &self->how, self->r, 0);
	EXPECT_EQ(EACCES, self->r[1].err);
}

/* VFS_CAP_REVISION_2: the magic word, then permitted and inheritable twice. */
static int set_file_capability(const char *path, int capability, bool effective)
{
	unsigned int data[5] = {
		0x02000000 | (effective ? 1 : 0), 1U << capability,
	};

	return setxattr(path, "security.capability", data, sizeof(data), 0);
}

TEST_F(creds, file_capabilities_are_given)
{
	if (set_file_capability(CHILD, CAP_NET_RAW, true)) {
		ASSERT_EQ(EOPNOTSUPP, errno);
		SKIP(return, "the file system of /tmp has no security.capability");
	}
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("secure 1\n");
	EXPECT_SEEN("dumpable 0\n");
	EXPECT_SEEN("CapPrm:\t0000000000002000\n");
	EXPECT_SEEN("CapEff:\t0000000000002000\n");
}

TEST_F(creds, file_capabilities_that_are_permitted_only_are_not_effective)
{
	if (set_file_capability(CHILD, CAP_NET_RAW, false)) {
		ASSERT_EQ(EOPNOTSUPP, errno);
		SKIP(return, "the file system of /tmp has no security.capability");
	}
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("CapPrm:\t0000000000002000\n");
	EXPECT_SEEN("CapEff:\t0000000000000000\n");
}

/* A library that is not there: the dynamic linker says so if it looks for it. */
static char *const preload_envp[] = { "LD_PRELOAD=/none.so", NULL };

TEST_F(creds, LD_PRELOAD_is_taken_from_a_secure_programs_environment)
{
	self->how.envp = preload_envp;
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("preload /none.so\n");
	/* The C library does it; it goes by AT_SECURE. */
	set_owner(CHILD, 0, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("preload none\n");
}

/* The dynamic program, as nobody; is the library looked for? */
static bool preloads(struct __test_metadata *_metadata, const struct run *how)
{
	struct run r[2];

	run_both(_metadata, COPY, how, r, 1);
	EXPECT_EQ(0, r[1].err);
	EXPECT_EQ(0, r[1].status);
	EXPECT_SEEN("sage");
	return strstr(seen[1], "/none.so");
}

TEST_F(creds, LD_PRELOAD_is_ignored_where_rights_are_gained)
{
	char *const argv[] = { COPY, "--help", NULL };

	if (access(DYNAMIC, X_OK))
		SKIP(return, "there is no " DYNAMIC);
	copy_file(DYNAMIC, COPY);
	tag_file(COPY);
	self->how.argv = argv;
	self->how.envp = preload_envp;
	EXPECT_TRUE(preloads(_metadata, &self->how));
	set_owner(COPY, 0, 0, 04755);
	EXPECT_FALSE(preloads(_metadata, &self->how));
	set_owner(COPY, NOBODY, OTHER, 02755);
	EXPECT_FALSE(preloads(_metadata, &self->how));
	set_owner(COPY, 0, 0, 0755);
	EXPECT_TRUE(preloads(_metadata, &self->how));
	ASSERT_EQ(0, set_file_capability(COPY, CAP_NET_RAW, true));
	EXPECT_FALSE(preloads(_metadata, &self->how));
}

/* ---- who may look ---- */

TEST_F(creds, a_program_that_cannot_be_read_runs_and_is_not_dumpable)
{
	set_owner(CHILD, 0, 0, 0711);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("secure 0\n");
	EXPECT_SEEN("dumpable 0\n");
	EXPECT_SEEN("proc-owner 0 0\n");
	EXPECT_SEEN("read-exe 13\n");
}

/* The owner of a program's directory in /proc, while nobody runs it. */
static long proc_owner(struct __test_metadata *_metadata, bool ours)
{
	long loaded = counter("loaded");
	struct run how = { .setup = become_nobody, .traced = true };
	struct stat st = { .st_uid = ~0U };
	char path[64];
	pid_t pid;

	set_enabled(ours);
	pid = start_stopped(PROGRAM, &how, "/dev/null");
	set_enabled(true);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	EXPECT_EQ(0, stat(path, &st));
	EXPECT_EQ(ours, counter("loaded") - loaded);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return st.st_uid;
}

TEST_F(creds, an_interpreter_that_cannot_be_read_makes_it_not_dumpable)
{
	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, ET_DYN, INTERP);
	/* The twin: its interpreter can be read. */
	EXPECT_EQ(NOBODY, proc_owner(_metadata, false));
	EXPECT_EQ(NOBODY, proc_owner(_metadata, true));

	set_owner(INTERP, 0, 0, 0711);
	EXPECT_EQ(0, proc_owner(_metadata, false));
	EXPECT_EQ(0, proc_owner(_metadata, true));
}

/* An unprivileged tracer of the program. */
static int exec_traced(const char *path, char *const *argv, char *const *envp)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execve(path, argv, envp);
		_exit(126);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

TEST_F(creds, setuid_gains_nothing_under_an_unprivileged_tracer)
{
	set_owner(CHILD, 0, 0, 06755);
	self->how.exec = exec_traced;
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 65534 65534\n");
	EXPECT_SEEN("gids 65534 65534 65534\n");
	EXPECT_SEEN("CapEff:\t0000000000000000\n");
	/* Without the tracer it would have. */
	self->how.exec = NULL;
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 65534 0 0\n");
}

static void enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		die("unshare");
}

TEST_F(creds, ids_are_those_of_the_programs_user_namespace)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(!!unshare(CLONE_NEWUSER));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (status)
		SKIP(return, "this kernel lets nobody make a user namespace");
	self->how.setup = enter_user_namespace;
	report_both(_metadata, CHILD, &self->how, self->r);
	/* Root is not mapped in it. */
	EXPECT_SEEN("auxv-ids 65534 65534 65534 65534\n");
}

/* Maps root and nobody, which a process of the outer namespace must do. */
static void enter_mapped_user_namespace(void)
{
	static const char map[] = "0 0 1\n7 65534 1\n";
	char path[64], byte = 0;
	int ends[2], status;
	pid_t pid;

	if (pipe(ends))
		die("pipe");
	pid = fork();
	if (!pid) {
		if (read(ends[0], &byte, 1) != 1)
			_exit(1);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", getppid());
		write_text(path, map);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", getppid());
		write_text(path, map);
		_exit(0);
	}
	enter_user_namespace();
	if (write(ends[1], &byte, 1) != 1 || waitpid(pid, &status, 0) != pid ||
	    status || setgroups(0, NULL) || setgid(7) || setuid(7))
		die("user namespace");
	close(ends[0]);
	close(ends[1]);
}

TEST_F(creds, a_setuid_programs_ids_are_mapped_into_its_user_namespace)
{
	self->how.setup = enter_mapped_user_namespace;
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("auxv-ids 7 7 7 7\n");
	EXPECT_SEEN("secure 0\n");
	/* Root of the namespace, and of nothing else. */
	set_owner(CHILD, 0, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("uids 7 0 0\n");
	EXPECT_SEEN("auxv-ids 7 0 7 7\n");
	EXPECT_SEEN("secure 1\n");
	/* One who is not mapped there cannot be become. */
	set_owner(CHILD, OTHER, 0, 04755);
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("auxv-ids 7 7 7 7\n");
	EXPECT_SEEN("secure 0\n");
}

static void set_keepcaps(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1))
		die("PR_SET_KEEPCAPS");
	become_nobody();
}

TEST_F(creds, keepcaps_ends_with_the_exec)
{
	self->how.setup = set_keepcaps;
	report_both(_metadata, CHILD, &self->how, self->r);
	EXPECT_SEEN("keepcaps 0\n");
	EXPECT_SEEN("CapPrm:\t0000000000000000\n");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], CHILD_PREFIX "report"))
		return child_report();
	return test_harness_run(argc, argv);
}
