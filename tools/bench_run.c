// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf bench: runs the program. Each processor has a worker, a process that
 * runs blocks when told to; the columns take turns, one block each, so that
 * what slows the machine down for a while slows all of them down.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define DROP_CACHES	"/proc/sys/vm/drop_caches"
/* Above all descriptors of ours. */
#define MAX_OPEN	(4 * MAX_JOBS)

/**
 * struct order - what a worker is to run
 * @column: index of the column
 * @runs: how often
 * @status: what the program must end with, as from waitpid(); -1: all runs alike
 * @to: where the samples go
 */
struct order {
	unsigned int column;
	unsigned int runs;
	int status;
	struct sample *to;
};

/* How a block ended. */
enum outcome {
	RAN,
	NO_FORK,
	NO_EXEC,
	NO_DROP,
	STILL_CACHED,
	OTHER_STATUS,
};

/**
 * struct answer - what a worker says of a block
 * @outcome: the first thing that went wrong
 * @err: errno of it
 * @status: of the last run, as from waitpid()
 * @start: CLOCK_MONOTONIC, ns
 * @end: the same, after the last run
 */
struct answer {
	enum outcome outcome;
	int err;
	int status;
	__u64 start;
	__u64 end;
};

/**
 * struct worker - a process that runs the program on one processor
 * @pid: the process
 * @orders: to write orders into
 * @answers: to read answers from
 */
struct worker {
	pid_t pid;
	int orders;
	int answers;
};

/**
 * struct crew - the workers
 * @bench: what they run
 * @workers: one for each processor
 * @count: how many there are
 * @status: what the program ends with, as from waitpid(); -1: not known yet
 */
struct crew {
	struct bench *bench;
	struct worker *workers;
	unsigned int count;
	int status;
};

/* Written by the child of vfork(), which shares our memory. */
static volatile int exec_errno;

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* ---- in a worker ---- */

static enum outcome run_once(const char *path, char **argv,
			     struct sample *sample, int *status)
{
	struct rusage usage;
	__u64 start = now();
	pid_t pid = vfork();

	if (!pid) {
		execv(path, argv);
		exec_errno = errno;
		_exit(127);
	}
	if (pid < 0 || wait4(pid, status, 0, &usage) != pid)
		return NO_FORK;
	sample->ns = now() - start;
	sample->minor = usage.ru_minflt;
	sample->major = usage.ru_majflt;
	return exec_errno ? NO_EXEC : RAN;
}

/* Is the file's first page out of the cache? */
static bool is_dropped(const char *path)
{
	unsigned char resident = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

	if (page != MAP_FAILED) {
		if (mincore(page, 1, &resident))
			resident = 1;
		munmap(page, 1);
	}
	close(fd);
	return !(resident & 1);
}

static enum outcome drop_caches(const char *path)
{
	int fd = open(DROP_CACHES, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "1", 1) == 1;

	if (fd >= 0)
		close(fd);
	if (!done)
		return NO_DROP;
	return is_dropped(path) ? RAN : STILL_CACHED;
}

static void run_block(const struct bench *bench, struct order *order,
		      struct answer *answer)
{
	const char *path = bench->columns[order->column].path;
	unsigned int run;

	*answer = (struct answer){ .start = now() };
	exec_errno = 0;
	for (run = 0; run < order->runs && !answer->outcome; run++) {
		if (bench->cold)
			answer->outcome = drop_caches(path);
		if (!answer->outcome)
			answer->outcome = run_once(path, bench->argv,
						   &order->to[run],
						   &answer->status);
		if (answer->outcome)
			answer->err = exec_errno ? exec_errno : errno;
		else if (order->status < 0)
			order->status = answer->status;
		else if (order->status != answer->status)
			answer->outcome = OTHER_STATUS;
	}
	answer->end = now();
}

/* Of the processors that we may use, the @index-th is for us alone. */
static void stay_on_one_cpu(unsigned int index)
{
	cpu_set_t allowed, own;
	unsigned int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || index--)
			continue;
		CPU_ZERO(&own);
		CPU_SET(cpu, &own);
		sched_setaffinity(0, sizeof(own), &own);
		return;
	}
}

/* The program starts as a shell would start it, but says nothing. */
__attribute__((noreturn))
static void work(const struct bench *bench, unsigned int index, int orders,
		 int answers)
{
	static const int defaults[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ, SIGIO, SIGPIPE
	};
	struct order order;
	struct answer answer;
	int null = open("/dev/null", O_RDWR);
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < ARRAY_SIZE(defaults); i++)
		signal(defaults[i], SIG_DFL);
	for (i = 0; i <= STDERR_FILENO; i++)
		dup2(null, i);
	/* Each run pays for what is open, though exec closes it. */
	for (i = STDERR_FILENO + 1; i < MAX_OPEN; i++)
		if ((int)i != orders && (int)i != answers)
			close(i);
	stay_on_one_cpu(index);
	while (read(orders, &order, sizeof(order)) == sizeof(order)) {
		run_block(bench, &order, &answer);
		if (write(answers, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

/* ---- in xelf ---- */

static int worker_start(struct crew *crew, unsigned int index)
{
	struct worker *worker = &crew->workers[index];
	int orders[2], answers[2];

	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		return fail("", "cannot make a pipe", errno);
	fflush(NULL);
	worker->pid = fork();
	if (worker->pid < 0)
		return fail("", "cannot start a worker", errno);
	if (!worker->pid) {
		close(orders[1]);
		close(answers[0]);
		work(crew->bench, index, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	worker->orders = orders[1];
	worker->answers = answers[0];
	crew->count++;
	return EXIT_DONE;
}

/* Shared with the workers, which write them. */
static int samples_allocate(struct bench *bench, struct column *column)
{
	size_t count = (size_t)bench->blocks * bench->block_size * column->jobs;
	void *mem = mmap(NULL, count * sizeof(*column->samples),
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			 0);

	if (mem == MAP_FAILED)
		return fail("", "no memory for the samples", errno);
	column->samples = mem;
	column->count = count;
	column->rates = allocate(bench->blocks * sizeof(*column->rates));
	return EXIT_DONE;
}

static int crew_start(struct crew *crew, struct bench *bench)
{
	int status = EXIT_DONE;
	unsigned int jobs = 0, i;

	*crew = (struct crew){ .bench = bench, .status = -1 };
	for (i = 0; i < bench->column_count && !status; i++) {
		status = samples_allocate(bench, &bench->columns[i]);
		if (jobs < bench->columns[i].jobs)
			jobs = bench->columns[i].jobs;
	}
	crew->workers = allocate(jobs * sizeof(*crew->workers));
	for (i = 0; i < jobs && !status; i++)
		status = worker_start(crew, i);
	return status;
}

static void crew_end(struct crew *crew)
{
	unsigned int i;

	for (i = 0; i < crew->count; i++) {
		close(crew->workers[i].orders);
		close(crew->workers[i].answers);
	}
	for (i = 0; i < crew->count; i++)
		waitpid(crew->workers[i].pid, NULL, 0);
	free(crew->workers);
}

static char *status_text(int status)
{
	if (WIFSIGNALED(status))
		return format("killed by SIG%s",
			      sigabbrev_np(WTERMSIG(status)) ?: "?");
	return format("exit status %d", WEXITSTATUS(status));
}

static int refuse_status(const struct crew *crew, const struct column *column,
			 int status)
{
	char *now_text = status_text(status), *before = status_text(crew->status);
	int result = refuse(crew->bench->argv[0], "other-status",
			    "%s under %s, but %s before; a program that does not end alike cannot be measured",
			    now_text, column->name, before);

	free(now_text);
	free(before);
	return result;
}

/* What a worker says, in words; EXIT_DONE if the block ran. */
static int check_answer(struct crew *crew, const struct column *column,
			const struct answer *answer)
{
	const char *name = crew->bench->argv[0];

	switch (answer->outcome) {
	case NO_FORK:
		return fail(name, "cannot start it", answer->err);
	case NO_EXEC:
		return refuse(name, "not-executed", "%s does not run it: %s",
			      column->name, strerror(answer->err));
	case NO_DROP:
		return fail(DROP_CACHES, "cannot write it, which --cold needs root for",
			    answer->err);
	case STILL_CACHED:
		return refuse(name, "not-dropped",
			      "stays in memory, so that it cannot be run cold; put it on a disk, and its copy too (TMPDIR=DIRECTORY)");
	case RAN:
	case OTHER_STATUS:
		break;
	}
	if (WIFSIGNALED(answer->status))
		return refuse(name, "killed", "is killed by SIG%s under %s",
			      sigabbrev_np(WTERMSIG(answer->status)) ?: "?",
			      column->name);
	if (crew->status < 0)
		crew->status = answer->status;
	if (answer->outcome == OTHER_STATUS || answer->status != crew->status)
		return refuse_status(crew, column, answer->status);
	return EXIT_DONE;
}

/* Has the first column->jobs workers run a block each, at the same time. */
static int give_orders(struct crew *crew, unsigned int index,
		       struct sample *samples, double *rate)
{
	const struct bench *bench = crew->bench;
	const struct column *column = &bench->columns[index];
	__u64 start = ~0ULL, end = 0;
	struct answer answer;
	unsigned int i;

	for (i = 0; i < column->jobs; i++) {
		struct order order = {
			.column = index,
			.runs = bench->block_size,
			.status = crew->status,
			.to = samples + i * bench->block_size,
		};

		if (write(crew->workers[i].orders, &order, sizeof(order)) !=
		    sizeof(order))
			return fail("", "a worker is gone", errno);
	}
	for (i = 0; i < column->jobs; i++) {
		if (read(crew->workers[i].answers, &answer, sizeof(answer)) !=
		    sizeof(answer)) {
			say("", "a worker is gone");
			return EXIT_REFUSED;
		}
		if (check_answer(crew, column, &answer))
			return EXIT_REFUSED;
		if (start > answer.start)
			start = answer.start;
		if (end < answer.end)
			end = answer.end;
	}
	*rate = column->jobs * bench->block_size * 1e9 / (end - start);
	return EXIT_DONE;
}

static int use(const struct bench *bench, const struct column *column)
{
	int status = EXIT_DONE;

	if (!bench->switched)
		return EXIT_DONE;
	if (module_has_hints())
		status = module_use_hints(column->hints);
	if (!status)
		status = module_use(column->loader);
	return status ? EXIT_REFUSED : EXIT_DONE;
}

/*
 * The counters must bear out that the loader meant was the one that loaded:
 * with the switch off nothing is, and each run is counted as handed on.
 */
static int check_counters(const struct bench *bench,
			  const struct column *column,
			  const struct counters *before,
			  const struct counters *after)
{
	long runs = (long)bench->block_size * column->jobs;
	long loaded = after->loaded - before->loaded;
	long handed_on = after->refused[XELF_DISABLED] -
			 before->refused[XELF_DISABLED];

	if (column->loader == BINFMT_XELF ? loaded >= runs :
	    !loaded && handed_on >= runs)
		return EXIT_DONE;
	return refuse(bench->argv[0], "other-loader",
		      "%ld runs under %s, but binfmt_xelf loaded %ld and handed on %ld; is there nothing tagged in it?",
		      runs, column->name, loaded, handed_on);
}

/* One turn of a column. */
static int run_turn(struct crew *crew, unsigned int index,
		    struct sample *samples, double *rate)
{
	const struct bench *bench = crew->bench;
	const struct column *column = &bench->columns[index];
	struct counters before, after;

	if (use(bench, column))
		return EXIT_REFUSED;
	if (bench->switched && module_counters(&before))
		return EXIT_REFUSED;
	if (give_orders(crew, index, samples, rate))
		return EXIT_REFUSED;
	if (!bench->switched)
		return EXIT_DONE;
	if (module_counters(&after))
		return EXIT_REFUSED;
	return check_counters(bench, column, &before, &after);
}

/* A turn that is not counted either; its samples are overwritten. */
static int look_at(struct crew *crew, unsigned int index)
{
	struct column *column = &crew->bench->columns[index];
	struct look look;
	int status;

	look_begin(&look, crew->workers[0].pid);
	status = run_turn(crew, index, column->samples, column->rates);
	look_end(&look, column, crew->bench->block_size);
	return status;
}

static int run_all(struct crew *crew)
{
	struct bench *bench = crew->bench;
	int status = EXIT_DONE;
	unsigned int block, i;

	/* A turn that is not counted, to warm up. */
	for (i = 0; i < bench->column_count && !status; i++)
		status = run_turn(crew, i, bench->columns[i].samples,
				  bench->columns[i].rates);
	for (i = 0; i < bench->column_count && bench->details && !status; i++)
		if (bench->columns[i].jobs == 1)
			status = look_at(crew, i);
	for (block = 0; block < bench->blocks; block++)
		for (i = 0; i < bench->column_count && !status; i++) {
			struct column *column = &bench->columns[i];
			size_t size = (size_t)bench->block_size * column->jobs;

			status = run_turn(crew, i,
					  column->samples + block * size,
					  column->rates + block);
		}
	return status;
}

/**
 * bench_run() - run the program as often as it takes
 * @bench: its columns' samples and rates are filled in
 *
 * Every run's status is looked at: an exec that failed, or a program that ended
 * in another way than before, ends the measurement.
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying what went wrong.
 */
int bench_run(struct bench *bench)
{
	struct crew crew;
	int status = crew_start(&crew, bench);

	if (!status)
		status = run_all(&crew);
	crew_end(&crew);
	bench->exit_status = WEXITSTATUS(crew.status);
	return status;
}

/**
 * bench_free() - forget what bench_run() found
 * @bench: given to bench_run(), or not
 */
void bench_free(struct bench *bench)
{
	struct column *column;
	unsigned int i;

	for (i = 0; i < bench->column_count; i++) {
		column = &bench->columns[i];
		if (column->samples)
			munmap(column->samples,
			       column->count * sizeof(*column->samples));
		free(column->rates);
	}
}
