// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of an exec, and every copy from and to user space, fails
 * once: the first in one exec, the second in the next, and so on until an exec
 * came to its end before the fault was due. Needs a kernel with fault injection
 * (debug). That no memory leaked is for debug_test.sh, which comes last.
 */
#include "faults.h"

#include <sys/mount.h>
#include <sys/ptrace.h>

#include <xelf/steps.h>

#define DIR_	"/tmp/fault_test/"
#define PROGRAM	DIR_ "program"
#define INTERP	DIR_ "interp"

#define FAULTS	"/sys/kernel/debug/"
#define MAX_FAULTS	5000

/*
 * Without these, what may sleep never fails; and each fault would print a stack,
 * which is what scripts/vm looks for.
 */
static const struct {
	const char *path, *value;
} settings[] = {
	{ FAULTS "failslab/ignore-gfp-wait", "N" },
	{ FAULTS "failslab/verbose", "0" },
	{ FAULTS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ FAULTS "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ FAULTS "fail_page_alloc/min-order", "0" },
	{ FAULTS "fail_page_alloc/verbose", "0" },
	{ FAULTS "fail_usercopy/verbose", "0" },
};

/* What an exec with a fault came to. */
struct trial {
	long left;		/* 0: the fault was injected */
	int err;		/* of execve(); 0 if it did not return */
	int status;		/* of the process */
};

/* Where an exec ended, by the module's own counters. */
enum { BEFORE = XELF_STEP_COUNT, SITES };

static const char *const sites[SITES] = {
#define SITE(id, name) \
	[XELF_STEP_##id] = #name,
	XELF_STEPS(SITE)
#undef SITE
	[BEFORE] = "before it",
};

/*
 * How many faults ended an exec there: by an errno, by a signal, not at all.
 * What runs though our loader did not come to its start has been handed on.
 */
struct tally {
	unsigned int refused[SITES];
	unsigned int killed[SITES];
	unsigned int ran[SITES];
	unsigned int faults;
	bool errnos[256];
	bool signals[64];
};

static struct tally tallies[2];

struct ended {
	long counts[XELF_STEP_COUNT];
};

static void count_ended(struct ended *ended)
{
	char stats[8192], name[32], *line, *rest = stats;
	long count;
	int i;

	read_text(XELF_STATS, stats, sizeof(stats));
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "ended-%31s %ld", name, &count) != 2)
			continue;
		for (i = 0; i < XELF_STEP_COUNT; i++)
			if (!strcmp(name, sites[i]))
				ended->counts[i] = count;
	}
}

/* The step that one exec more has ended in. */
static int ended_since(const struct ended *before)
{
	struct ended now;
	int i;

	count_ended(&now);
	for (i = 0; i < XELF_STEP_COUNT; i++)
		if (now.counts[i] != before->counts[i])
			return i;
	return BEFORE;
}

/* What the child tells, in shared memory. */
static struct told {
	long left;
	int err;
} *told;

static void exec_with_fault(int n)
{
	char *const argv[] = { PROGRAM, "an argument", NULL };
	char *const envp[] = { "NAME=value", NULL };
	char text[16];
	int fd, null;

	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	null = open("/dev/null", O_WRONLY);
	if (fd < 0 || null < 0)
		_exit(1);
	dup2(null, 1);
	snprintf(text, sizeof(text), "%d", n);
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		_exit(1);
	execve(PROGRAM, argv, envp);
	told->err = errno;
	/* One that it did not come to would be due now. */
	memset(text, 0, sizeof(text));
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		told->left = -errno;
	else
		told->left = atol(text);
	_exit(0);
}

/* After the exec nothing fails any more. */
static long disarm(pid_t pid)
{
	char path[64];
	long left;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, pid);
	left = number_in(path);
	write_text(path, "0");
	return left;
}

static void try_fault(int n, struct trial *trial)
{
	const int exec_stop = SIGTRAP | PTRACE_EVENT_EXEC << 8;
	int status;
	pid_t pid;

	memset(trial, 0, sizeof(*trial));
	memset(told, 0, sizeof(*told));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		exec_with_fault(n);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) ||
	    ptrace(PTRACE_CONT, pid, 0, 0))
		die("ptrace");
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (status >> 8 == exec_stop) {
			trial->left = disarm(pid);
			ptrace(PTRACE_DETACH, pid, 0, 0);
		} else {
			ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status));
		}
	}
	trial->status = status;
	trial->err = told->err;
	if (trial->err)
		trial->left = told->left;
}

FIXTURE(fault) {
	bool can;		/* this kernel injects faults */
	struct hints_image hints;
};

FIXTURE_VARIANT(fault) {
	int type;
	bool interp;
	bool hints;
	bool far;	/* program headers are not in the head of the file */
};

#define PROGRAM_VARIANT(name, type, interp, hints, far)			\
	FIXTURE_VARIANT_ADD(fault, name) { type, interp, hints, far }

PROGRAM_VARIANT(static_pie_with_bss, ET_DYN, false, false, false);
PROGRAM_VARIANT(fixed, ET_EXEC, false, false, false);
PROGRAM_VARIANT(dynamic, ET_DYN, true, false, false);
PROGRAM_VARIANT(far_headers, ET_DYN, true, false, true);
PROGRAM_VARIANT(hints, ET_DYN, true, true, false);

static const struct xelf_hint runs[] = {
	{ 4, 2, XELF_HINT_PROGRAM, XELF_HINT_WRITE },
	{ 6, 3, XELF_HINT_PROGRAM, XELF_HINT_WRITE },
	{ 0, 3, XELF_HINT_PROGRAM, XELF_HINT_READ },
	{ 4, 1, XELF_HINT_INTERP, XELF_HINT_WRITE },
	{ 0, 9, XELF_HINT_INTERP, XELF_HINT_READ },
	{ 0, 2, XELF_HINT_STACK, XELF_HINT_WRITE },
};

FIXTURE_SETUP(fault)
{
	size_t i;

	self->can = !access("/proc/thread-self/fail-nth", W_OK);
	if (!self->can)
		return;
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		write_text(settings[i].path, settings[i].value);
	fresh_dir(DIR_);
	if (mount("none", DIR_, "tmpfs", 0, NULL))
		die("%s: mount", DIR_);
	write_far_image(INTERP, ET_DYN, NULL, variant->far, false);
	write_far_image(PROGRAM, variant->type, variant->interp ? INTERP : NULL,
			variant->far, true);
	memcpy(self->hints.runs, runs, sizeof(runs));
	if (variant->hints)
		append_hints(PROGRAM, &self->hints, ARRAY_SIZE(runs), INTERP);
	told = share_memory(sizeof(*told));
}

FIXTURE_TEARDOWN(fault)
{
	if (!self->can)
		return;
	set_enabled(true);
	umount2(DIR_, MNT_DETACH);
	rmdir(DIR_);
}

/* What a trial may come to, and where it is counted. */
static void judge(struct __test_metadata *_metadata, int n,
		  const struct trial *trial, int site, struct tally *tally)
{
	if (trial->err) {
		EXPECT_EQ(0, trial->status);
		tally->refused[site]++;
		tally->errnos[trial->err & 0xff] = true;
	} else if (WIFSIGNALED(trial->status)) {
		tally->killed[site]++;
		tally->signals[WTERMSIG(trial->status) & 0x3f] = true;
		EXPECT_TRUE(WTERMSIG(trial->status) == SIGSEGV ||
			    WTERMSIG(trial->status) == SIGKILL)
			TH_LOG("fault %d: signal %d", n,
			       WTERMSIG(trial->status));
	} else {
		tally->ran[site]++;
		EXPECT_EQ(PROBE_STATUS << 8, trial->status) {
			TH_LOG("fault %d: status %x", n, trial->status);
		}
	}
}

/* All faults there are, one after the other. */
static void fault_all(struct __test_metadata *_metadata, struct tally *tally)
{
	struct ended before;
	struct trial trial;
	int n;

	for (n = 1; n < MAX_FAULTS; n++) {
		count_ended(&before);
		try_fault(n, &trial);
		ASSERT_LE(0, trial.left);
		if (trial.left)
			break;
		tally->faults++;
		judge(_metadata, n, &trial, ended_since(&before), tally);
		EXPECT_TRUE(soon(module_is_unused)) {
			TH_LOG("fault %d: the module is in use", n);
		}
		EXPECT_EQ(0, try_open(PROGRAM, O_WRONLY))
			TH_LOG("fault %d", n);
		EXPECT_EQ(0, try_open(INTERP, O_WRONLY))
			TH_LOG("fault %d", n);
	}
	/* The one that found no fault to inject ran as if there were none. */
	ASSERT_LT(n, MAX_FAULTS);
	EXPECT_EQ(0, trial.err);
	EXPECT_EQ(PROBE_STATUS << 8, trial.status);
}

static void print_tally(const char *loader, const struct tally *tally)
{
	int i;

	ksft_print_msg("%s: %u faults:", loader, tally->faults);
	for (i = 0; i < SITES; i++)
		if (tally->refused[i] || tally->killed[i] || tally->ran[i])
			printf(" %s: %u errno, %u killed, %u ran;", sites[i],
			       tally->refused[i], tally->killed[i],
			       tally->ran[i]);
	printf("\n");
	fflush(stdout);
}

/* It can be only when nobody has a file of it open, or mapped. */
static bool can_be_unmounted(void)
{
	return !umount(DIR_);
}

/* In these something is allocated for any program, and a failure can only kill. */
static const int killing[] = {
	XELF_STEP_STACK, XELF_STEP_PROGRAM, XELF_STEP_VDSO, XELF_STEP_TABLES,
};

/*
 * Has every place been come to that must be? What is the n-th fault varies a
 * little from exec to exec, so that one may be passed over.
 */
static bool all_reached(bool interp, bool far)
{
	const struct tally *ours = &tallies[1], *kernels = &tallies[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(killing); i++)
		if (!ours->killed[killing[i]])
			return false;

	for (i = 0; i < ARRAY_SIZE(ours->errnos); i++)
		if (ours->errnos[i] && !kernels->errnos[i])
			return false;
	return interp == !!ours->killed[XELF_STEP_INTERP] &&
	       far == !!ours->ran[XELF_STEP_CHECK];
}

TEST_F_TIMEOUT(fault, each_gives_an_errno_or_kills_and_leaks_nothing, 1200)
{
	struct tally *ours = &tallies[1], *kernels = &tallies[0];
	long hints = counter("hints-used");
	unsigned int i;

	if (!self->can)
		SKIP(return, "this kernel has no fault injection");
	memset(tallies, 0, sizeof(tallies));
	for (i = 0; i < 4 && (!i || !all_reached(variant->interp, variant->far)); i++) {
		set_enabled(false);
		fault_all(_metadata, kernels);
		set_enabled(true);
		fault_all(_metadata, ours);
	}
	print_tally("binfmt_elf", kernels);
	print_tally("binfmt_xelf", ours);
	EXPECT_TRUE(soon(can_be_unmounted)) {
		TH_LOG("unmounting: %s", strerror(errno));
	}
	/* It has come to what a loader allocates, before and after. */
	EXPECT_LT(0, ours->refused[BEFORE]);
	for (i = 0; i < ARRAY_SIZE(killing); i++) {
		EXPECT_LT(0, ours->killed[killing[i]]) {
			TH_LOG("no fault killed in step %s", sites[killing[i]]);
		}
	}
	EXPECT_EQ(variant->interp, !!ours->killed[XELF_STEP_INTERP]);
	EXPECT_EQ(variant->far, !!ours->ran[XELF_STEP_CHECK]);
	EXPECT_EQ(variant->interp, !!ours->refused[XELF_STEP_OPEN]);
	EXPECT_EQ(variant->hints, counter("hints-used") > hints);
	/* As many as the kernel's loader has, to within a tenth. */
	EXPECT_GE(kernels->faults, 10 * labs((long)ours->faults - (long)kernels->faults));
	/* Nobody sees an error that the kernel's loader would not give. */
	for (i = 0; i < ARRAY_SIZE(ours->errnos); i++) {
		EXPECT_LE(ours->errnos[i], kernels->errnos[i]) {
			TH_LOG("only binfmt_xelf: %s", strerror(i));
		}
	}
}

TEST_HARNESS_MAIN
