// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs an input under the kernel's loader and under ours, and looks at it when
 * its exec is over: registers, /proc/PID/maps and stat, stack, and what can be
 * written. Fast: what it sees is compared byte for byte, and the oracle says
 * in words what differs, should it.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <xelf/hints.h>

#include "../xelf_test.h"
#include "exec_fuzz.h"

#define SEEN_SIZE	1048576UL
#define OUTPUT_SIZE	(256UL << 10)
/* Pages that are looked at, at both ends of a mapping and in all. */
#define END_PAGES	6
#define MAX_PAGES	96
#define RANDOM_SIZE	16
/* A program that ends in one way so often does not end by chance. */
#define END_TRIES	4
#define NOBODY		65534
/* The exit status of a child whose exec failed, with the errno beside it. */
#define EXEC_FAILED	127

/* What the child needs, and leaves: its memory is ours until its exec. */
static struct {
	const struct setup *setup;
	char **argv;
	char **envp;
	int fd;			/* of the program, or of its directory */
	int err;
	bool covered;
} child;

static int enabled, null, output, place;
static int is_enabled = -1;

static char *strings[2][256];

/* The pages of two forms of one file are not the same. */
static bool skips_pages;

/* ---- files ---- */

/* What is in the files now. */
static struct {
	__u8 *bytes;
	size_t size;
	bool there;
	bool closed;
} have[FILES];

static const char *const paths[FILES] = { PROGRAM, INTERP };

static bool write_changes(int fd, int i, const struct work_file *want)
{
	size_t at, size;

	for (at = 0; at < want->size; at += PAGE) {
		size = want->size - at < PAGE ? want->size - at : PAGE;
		if (at + size <= have[i].size &&
		    !memcmp(have[i].bytes + at, want->bytes + at, size))
			continue;
		if (pwrite(fd, want->bytes + at, size, at) != (ssize_t)size)
			return false;
		memcpy(have[i].bytes + at, want->bytes + at, size);
	}
	if (have[i].size != want->size && ftruncate(fd, want->size))
		return false;
	have[i].size = want->size;
	return true;
}

/*
 * Writes the input's files. That they can be written shows that no run before
 * has left them denied.
 */
const char *run_write(const struct work *work)
{
	static char what[256];
	bool closed = work->setup.closed;
	int i, fd;

	for (i = 0; i < FILES; i++) {
		fd = open(paths[i], O_RDWR | O_CREAT | O_CLOEXEC, 0755);
		if (fd < 0 || !write_changes(fd, i, &work->file[i]) ||
		    (have[i].closed != closed && fchmod(fd, closed ? 0711 : 0755))) {
			snprintf(what, sizeof(what), "%s cannot be written: %s",
				 paths[i], strerror(errno));
			if (fd >= 0)
				close(fd);
			return what;
		}
		have[i].closed = closed;
		close(fd);
	}
	return NULL;
}

/* ---- the child ---- */

static void limit(int which, unsigned long bytes)
{
	struct rlimit rlimit = { bytes, bytes };

	if (bytes)
		setrlimit(which, &rlimit);
}

/* System calls alone: memory and stack are the parent's. */
__attribute__((noreturn, noinline))
static void become(void)
{
	const struct setup *setup = child.setup;

	dup2(null, 0);
	dup2(output, 1);
	dup2(output, 2);
	if (setup->nobody || setup->run) {
		/* Not by glibc, which tells all threads. */
		syscall(SYS_setgroups, 0, NULL);
		syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY);
		syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY);
	}
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	personality(ADDR_NO_RANDOMIZE | setup->personality);
	limit(RLIMIT_STACK, setup->stack);
	limit(RLIMIT_DATA, setup->data);
	limit(RLIMIT_AS, setup->as);
	if (child.covered)
		kcov_begin();
	if (setup->how == BY_PATH)
		execve(PROGRAM, child.argv, child.envp);
	else
		syscall(SYS_execveat, child.fd,
			setup->how == BY_DIRECTORY ? "p" : "", child.argv,
			child.envp, setup->how == BY_DIRECTORY ? 0 : AT_EMPTY_PATH);
	child.err = errno;
	_exit(EXEC_FAILED);
}

/* Arguments, or the environment: @count strings of @size bytes. */
static char **make_strings(int which, const char *first, unsigned long count,
			   unsigned long size)
{
	static char text[2][1 << 17];
	char **list = strings[which];
	unsigned int used = 0;

	if (count > ARRAY_SIZE(strings[0]) - 2)
		count = ARRAY_SIZE(strings[0]) - 2;
	if (size >= sizeof(text[0]))
		size = sizeof(text[0]) - 1;
	memset(text[which], 'a' + which, size);
	text[which][size] = 0;
	if (first)
		list[used++] = (char *)first;
	while (count--)
		list[used++] = text[which];
	list[used] = NULL;
	return list;
}

static pid_t start(void)
{
	pid_t pid;

	child.err = 0;
	pid = vfork();
	if (pid < 0)
		die("vfork");
	if (!pid)
		become();
	return pid;
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		;
}

static void use_loader(bool ours)
{
	if (is_enabled == ours)
		return;
	if (pwrite(enabled, ours ? "1" : "0", 1, 0) != 1)
		die(XELF_ENABLED);
	is_enabled = ours;
}

/* How many execs our loader has loaded and killed so far, as it counts them. */
struct tally {
	long loaded;
	long killed;
};

static bool begins_with(const char *line, const char *name)
{
	return !strncmp(line, name, strlen(name));
}

/* Not from a file that stays open, which would keep the module in use. */
static struct tally take_tally(void)
{
	static char text[8192];
	char *line, *rest = read_text(XELF_STATS, text, sizeof(text));
	struct tally tally = { };

	while ((line = strsep(&rest, "\n")) && *line) {
		long count = atol(line + strcspn(line, " "));

		if (begins_with(line, "loaded "))
			tally.loaded += count;
		/* The kernel may refuse to commit when it cannot but kill. */
		else if (begins_with(line, "killed-") ||
			 begins_with(line, "refused-not-committed "))
			tally.killed += count;
	}
	return tally;
}

/*
 * One exec. Returns the program, stopped behind it, or -1: what became of it is
 * in @exec.
 */
static pid_t run_exec(bool ours, struct outcome *exec)
{
	int status, err;
	pid_t pid;

	use_loader(ours);
	child.covered = ours;
	pid = start();
	if (waitpid(pid, &status, __WALL) != pid)
		die("waitpid");
	err = child.err;
	*exec = (struct outcome){ };
	if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) {
		exec->execed = true;
		return pid;
	}
	if (WIFSTOPPED(status)) {
		/* Old kernels let the tracer see what kills. */
		exec->signal = WSTOPSIG(status);
		end(pid);
	} else if (WIFSIGNALED(status)) {
		exec->signal = WTERMSIG(status);
	} else {
		exec->err = err;
	}
	return -1;
}

/* ---- what is seen ---- */

static void add(struct sight *sight, const char *name, const void *data,
		size_t size)
{
	size_t name_size = strlen(name) + 1;

	if (sight->size + name_size + size > SEEN_SIZE)
		return;
	memcpy(sight->seen + sight->size, name, name_size);
	memcpy(sight->seen + sight->size + name_size, data, size);
	sight->size += name_size + size;
}

static size_t read_proc(pid_t pid, const char *name, char *to, size_t room)
{
	char path[64];
	size_t used = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && used < room - 1 &&
	       (got = read(fd, to + used, room - 1 - used)) > 0)
		used += got;
	if (fd >= 0)
		close(fd);
	to[used] = 0;
	return used;
}

/* The fields that tools/observe.c has of stat. */
static void see_stat(struct sight *sight, pid_t pid)
{
	static const unsigned char fields[] = {
		9, 23, 26, 27, 28, 29, 30, 45, 46, 47, 48, 49, 50, 51, 0
	};
	const unsigned char *field = fields;
	char text[1024], *word;
	int number;

	read_proc(pid, "stat", text, sizeof(text));
	word = strrchr(text, ')');
	for (number = 2; word && *field; number++) {
		char *next = strchr(word, ' ');

		if (number == *field) {
			add(sight, "stat", word, next ? next - word : strlen(word));
			field++;
		}
		word = next ? next + 1 : NULL;
	}
}

static ssize_t read_memory(pid_t pid, unsigned long addr, void *to, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = { (void *)addr, size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

/* Where the auxiliary vector says that the random bytes are. */
static unsigned long see_auxv(struct sight *sight, pid_t pid)
{
	unsigned long auxv[128] = { };
	size_t longs, i;

	longs = read_proc(pid, "auxv", (char *)auxv, sizeof(auxv)) / sizeof(*auxv);
	add(sight, "auxv", auxv, longs * sizeof(*auxv));
	for (i = 0; i + 1 < longs && auxv[i] != AT_NULL; i += 2)
		if (auxv[i] == AT_RANDOM)
			return auxv[i + 1];
	return 0;
}

/* Takes the random bytes out of what was read at @addr. */
static void mask_random(void *bytes, unsigned long addr, size_t size,
			unsigned long random)
{
	unsigned long at;

	for (at = random; at < random + RANDOM_SIZE; at++)
		if (at - addr < size)
			((__u8 *)bytes)[at - addr] = 0;
}

/* From the stack pointer to the stack's end, without the random bytes. */
static void see_stack(struct sight *sight, pid_t pid, unsigned long sp,
		      unsigned long stack_end, unsigned long random)
{
	static unsigned long stack[(256 << 10) / sizeof(long)];
	size_t size = stack_end - sp;
	ssize_t got;

	if (size > sizeof(stack))
		size = sizeof(stack);
	got = read_memory(pid, sp, stack, size);
	if (got < 0)
		got = 0;
	mask_random(stack, sp, got, random);
	add(sight, "stack", stack, got);
}

/* As read_memory(), also what the program itself cannot read. */
static ssize_t read_any_memory(pid_t pid, unsigned long addr, void *to,
			       size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = pread64(fd, to, size, addr);
	if (fd >= 0)
		close(fd);
	return got;
}

/* Checksums of some pages. */
static void see_pages(struct sight *sight, pid_t pid, unsigned long start,
		      size_t count, bool readable, unsigned long random)
{
	static __u8 bytes[2 * END_PAGES * PAGE];
	__u64 sums[2 * END_PAGES];
	ssize_t got;
	size_t i;

	got = (readable ? read_memory : read_any_memory)(pid, start, bytes,
							 count * PAGE);
	add(sight, "read", &got, sizeof(got));
	mask_random(bytes, start, count * PAGE, random);
	for (i = 0; (ssize_t)((i + 1) * PAGE) <= got; i++)
		sums[i] = xelf_sum(XELF_SUM_START, bytes + i * PAGE, PAGE);
	add(sight, "pages", sums, i * sizeof(*sums));
}

/* Those at both ends of a mapping, of which @left are still looked at. */
static void see_mapping(struct sight *sight, pid_t pid, unsigned long start,
			unsigned long stop, bool readable, unsigned long random,
			size_t *left)
{
	size_t pages = (stop - start) / PAGE, n = pages;

	if (n > 2 * END_PAGES)
		n = 2 * END_PAGES;
	if (n > *left)
		n = *left;
	*left -= n;
	if (n == pages) {
		see_pages(sight, pid, start, n, readable, random);
		return;
	}
	see_pages(sight, pid, start, n - n / 2, readable, random);
	see_pages(sight, pid, stop - n / 2 * PAGE, n / 2, readable, random);
}

static void see_maps(struct sight *sight, pid_t pid, unsigned long sp)
{
	static char maps[256 << 10];
	size_t left = MAX_PAGES;
	unsigned int mapping = 0;
	size_t size = read_proc(pid, "maps", maps, sizeof(maps));
	unsigned long random = see_auxv(sight, pid);
	char *line, *rest = maps;

	add(sight, "maps", maps, size);
	while ((line = strsep(&rest, "\n")) && *line) {
		unsigned long start = strtoul(line, &line, 16);
		unsigned long stop = strtoul(line + 1, &line, 16);

		/* As in " rw-p": the kinds, up to a point. */
		if (mapping++ < 8)
			sight->shape = sight->shape * 31 + line[1] +
				       line[2] * 3 + line[3] * 7;
		if (line[2] != 'w')
			continue;
		if (start <= sp && sp < stop) {
			see_stack(sight, pid, sp, stop, random);
			stop = sp & -PAGE;
		}
		if (!skips_pages)
			see_mapping(sight, pid, start, stop, line[1] == 'r',
				    random, &left);
	}
}

static void see(struct sight *sight, pid_t pid)
{
	struct test_regs regs = { };

	if (test_get_regs(pid, &regs))
		die("PTRACE_GETREGSET");
	add(sight, "registers", &regs, sizeof(regs));
	see_stat(sight, pid);
	see_maps(sight, pid, regs.r[TEST_SP]);
}

/* ---- behind the exec ---- */

static void time_is_up(int signal)
{
	(void)signal;
}

/* What a program that runs may do, whatever it is. */
static void confine(pid_t pid)
{
	static const struct {
		int which;
		struct rlimit limit;
	} limits[] = {
		{ RLIMIT_AS, { 256 << 20, 256 << 20 } },
		{ RLIMIT_NPROC, { 1, 1 } },
		{ RLIMIT_FSIZE, { OUTPUT_SIZE, OUTPUT_SIZE } },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		prlimit(pid, limits[i].which, &limits[i].limit, NULL);
}

/* Lets it run to its end, to its first signal, or till its time is up. */
static void run_on(struct sight *sight, pid_t pid, unsigned int ms)
{
	struct itimerval timer = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		/* Should it end just before the wait. */
		.it_interval = { 0, 50000 },
	};
	struct itimerval off = { };
	struct test_regs regs = { };
	int status = 0;
	ssize_t got;
	bool ended;

	confine(pid);
	setitimer(ITIMER_REAL, &timer, NULL);
	ptrace(PTRACE_CONT, pid, 0, 0);
	ended = waitpid(pid, &status, __WALL) == pid;
	setitimer(ITIMER_REAL, &off, NULL);
	sight->ended = ended;
	sight->end[0] = status;
	if (ended && WIFSTOPPED(status) && !test_get_regs(pid, &regs)) {
		sight->end[1] = regs.r[TEST_PC];
		sight->end[2] = regs.r[TEST_SP];
	}
	if (!ended || WIFSTOPPED(status))
		end(pid);
	got = pread(output, sight->output, OUTPUT_SIZE - 1, 0);
	sight->output_size = got > 0 ? got : 0;
	sight->output[sight->output_size] = 0;
}

/* ---- both ---- */

static void sight_make(struct sight *sight)
{
	sight->seen = malloc(SEEN_SIZE);
	sight->output = malloc(OUTPUT_SIZE);
}

static void prepare(const struct work *work)
{
	const struct setup *setup = &work->setup;

	child.setup = setup;
	child.argv = make_strings(0, "p", setup->args, setup->arg_size);
	child.envp = make_strings(1, NULL, setup->envs, setup->env_size);
	child.fd = -1;
	if (setup->how == BY_DIRECTORY)
		child.fd = place;
	else if (setup->how != BY_PATH)
		child.fd = open(PROGRAM, O_PATH | O_CLOEXEC);
}

static void unprepare(void)
{
	if (child.fd >= 0 && child.fd != place)
		close(child.fd);
}

static void run_one(const struct work *work, struct sight *sight, bool ours,
		    unsigned int run_ms)
{
	struct tally before, after;
	pid_t pid;

	sight->size = 0;
	sight->ended = false;
	sight->output_size = 0;
	if (work->setup.run) {
		if (ftruncate(output, 0))
			die("ftruncate");
		lseek(output, 0, SEEK_SET);
	}
	before = take_tally();
	pid = run_exec(ours, &sight->exec);
	after = take_tally();
	sight->by_ours = sight->exec.execed ? after.loaded - before.loaded :
					      after.killed - before.killed;
	sight->shape = sight->exec.err * 64 + sight->exec.signal;
	if (pid < 0)
		return;
	see(sight, pid);
	if (work->setup.run && !skips_pages)
		run_on(sight, pid, run_ms);
	else
		end(pid);
}

/* Has it a tag that is right, and the exclusive form's magic? */
static bool is_exclusive(const struct work_file *program)
{
	return program->size >= EI_NIDENT && xelf_is_exclusive(program->bytes) &&
	       xelf_check_tag(program->bytes) == XELF_OK;
}

/*
 * The kernel's loader gets the exclusive form, which it must not take, and then
 * the plain form, with which ours is compared.
 */
static void run_exclusive(struct work *work, struct pair *pair)
{
	struct work_file *program = &work->file[THE_PROGRAM];
	__u8 ident[EI_NIDENT];

	skips_pages = true;
	run_one(work, &pair->sight[1], true, 0);
	run_one(work, &pair->sight[0], false, 0);
	pair->alone = pair->sight[0].exec;
	memcpy(ident, program->bytes, sizeof(ident));
	memcpy(program->bytes, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE);
	run_write(work);
	run_one(work, &pair->sight[0], false, 0);
	memcpy(program->bytes, ident, sizeof(ident));
	run_write(work);
	skips_pages = false;
}

void run_pair(struct work *work, struct pair *pair, bool ours_first,
	      unsigned int run_ms)
{
	prepare(work);
	pair->exclusive = is_exclusive(&work->file[THE_PROGRAM]);
	if (pair->exclusive) {
		run_exclusive(work, pair);
	} else {
		run_one(work, &pair->sight[ours_first], ours_first, run_ms);
		run_one(work, &pair->sight[!ours_first], !ours_first, run_ms);
	}
	unprepare();
}

static bool same_end(const struct sight *a, const struct sight *b)
{
	/* Of two whose time is up nothing is said. */
	if (!a->ended || !b->ended)
		return a->ended == b->ended;
	return !memcmp(a->end, b->end, sizeof(a->end)) &&
	       a->output_size == b->output_size &&
	       !memcmp(a->output, b->output, a->output_size);
}

/* Does it end otherwise each time, also where the kernel's loader loads it? */
bool run_is_random(const struct work *work, const struct pair *pair,
		   unsigned int run_ms)
{
	static struct sight again;
	bool random = false;
	int i;

	if (!again.seen)
		sight_make(&again);
	prepare(work);
	for (i = 0; i < END_TRIES && !random; i++) {
		run_one(work, &again, false, run_ms);
		random = !same_end(&again, &pair->sight[0]);
	}
	unprepare();
	return random;
}

bool run_same_state(const struct pair *pair)
{
	const struct sight *a = &pair->sight[0], *b = &pair->sight[1];

	return a->size == b->size && !memcmp(a->seen, b->seen, a->size);
}

bool run_same_end(const struct pair *pair)
{
	return same_end(&pair->sight[0], &pair->sight[1]);
}

size_t run_explain(const struct work *work, FILE *to)
{
	struct outcome exec;
	int ours;
	pid_t pid;

	prepare(work);
	for (ours = 0; ours < 2; ours++) {
		pid = run_exec(ours, &exec);
		if (pid < 0)
			continue;
		oracle_look(ours, pid);
		end(pid);
	}
	unprepare();
	return oracle_differences(to);
}

static void exec_once(const void *unused)
{
	struct outcome exec;
	pid_t pid = run_exec(true, &exec);

	if (pid >= 0)
		end(pid);
}

/* Why our loader refuses it. */
enum xelf_reason run_reason(const struct work *work)
{
	enum xelf_reason reason;

	prepare(work);
	reason = oracle_reason(exec_once, NULL);
	unprepare();
	return reason;
}

/* The last thing to be done: one file that is still in use keeps all of it. */
const char *run_unmake(void)
{
	close(place);
	if (umount(PLACE))
		return "the file system of the programs cannot be unmounted: a file is still open";
	return NULL;
}

void run_make(struct pair *pair)
{
	struct sigaction action = { .sa_handler = time_is_up };
	int i;

	sigaction(SIGALRM, &action, NULL);
	enabled = open(XELF_ENABLED, O_WRONLY | O_CLOEXEC);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (mount("exec_fuzz", PLACE, "tmpfs", 0, NULL))
		die("mount %s", PLACE);
	place = open(PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	output = memfd_create("output", MFD_CLOEXEC);
	if (enabled < 0 || null < 0 || place < 0 || output < 0)
		die("cannot open %s, %s or a memfd: is the module loaded?",
		    XELF_ENABLED, PLACE);
	for (i = 0; i < FILES; i++)
		have[i].bytes = malloc(MAX_FILE);
	for (i = 0; i < 2; i++)
		sight_make(&pair->sight[i]);
}
