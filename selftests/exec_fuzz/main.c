// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer of execs:
 *
 *	exec_fuzz [OPTION]... [PROGRAM]...
 *
 *	-s SEED		what all choices follow from (default 1)
 *	-n EXECS	end after so many execs were compared
 *	-t SECONDS	end after this time (default 60 without -n)
 *	-b NUMBER	begin with one in so many images alone
 *	-c DIRECTORY	begin with the inputs in there, too
 *	-i FILE		run this one input, and say what differs
 *	-l		write each input to the kernel log before it runs
 *	-x		end at the first finding
 *
 * Begins with the images of the tests' table and the PROGRAMs. Standard output
 * is for scripts/fuzz-vm: inputs and findings, each behind a line that begins
 * with "== ", and at the end the counts. How far it is goes to standard error.
 */
#include <getopt.h>
#include <poll.h>
#include <dirent.h>
#include <time.h>

#include <sys/prctl.h>

#include <xelf/hints.h>

#include "../xelf_test.h"
#include "exec_fuzz.h"

#define MAX_CORPUS	4096
#define MAX_KEYS	64
/* Of findings that look alike, so many are shown. */
#define MAX_ALIKE	3
#define PROGRESS_MS	5000
/* Nothing takes as long, on any kernel. */
#define HUNG_MS		60000
/* A program that one loader has come to its end may take so many times longer. */
#define SLOW		4
#define REFCNT		"/sys/module/binfmt_xelf/refcnt"
#define FILE_NR		"/proc/sys/fs/file-nr"
/* The kernel adds up what each processor counted at 32; scripts/fuzz-vm gives one. */
#define FILES_MAY_VARY	64
#define CHECK_EVERY	64

static struct {
	__u64 seed;
	unsigned long execs;
	unsigned long seconds;
	unsigned long one_in;
	const char *corpus;
	const char *input;
	bool log;
	bool stop;
} options = { .seed = 1, .one_in = 1 };

/* Shared with the process that watches the one that works. */
static struct state {
	unsigned long begun;		/* ms */
	unsigned long turn;		/* inputs begun */
	unsigned long runs;		/* of inputs, those made smaller included */
	unsigned long compared;
	unsigned long loaded, refused, killed, handed_on, ran_on;
	unsigned long random, misplaced, own_interp;
	unsigned long by_rule[RULE_COUNT];
	unsigned long corpus, edges, shapes, findings;
	__u64 digest;
	bool has_kcov;
	struct work work;
} *state;

static struct work *work;
static struct pair pair;
static struct input corpus[MAX_CORPUS];
static long first_files;
/* What runs before that is there already: bases, and what runs before kept. */
static bool mutates;
static int kmsg = -1, kmsg_write = -1;

static unsigned long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- what a pair comes to ---- */

/**
 * struct verdict - what is wrong with a pair, if anything is
 * @wrong: something is
 * @text: in one line
 * @repeats: it is of this input alone, and to be seen again with it
 * @key: the same for findings that look alike
 * @details: more lines
 */
struct verdict {
	bool wrong;
	bool repeats;
	char text[512];
	char key[128];
	char details[16384];
};

static void print_outcome(char *to, size_t room, const struct outcome *exec)
{
	if (exec->execed)
		snprintf(to, room, "loads it");
	else if (exec->signal)
		snprintf(to, room, "kills it with SIG%s",
			 sigabbrev_np(exec->signal) ?: "?");
	else if (exec->reason)
		snprintf(to, room, "refuses it with %s (%s)",
			 strerrorname_np(exec->err) ?: "?",
			 xelf_reason_name(exec->reason));
	else
		snprintf(to, room, "refuses it with %s",
			 strerrorname_np(exec->err) ?: "?");
}

__attribute__((format(printf, 2, 3)))
static void say_wrong(struct verdict *verdict, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(verdict->text, sizeof(verdict->text), format, ap);
	va_end(ap);
	verdict->wrong = true;
	verdict->repeats = true;
	snprintf(verdict->key, sizeof(verdict->key), "%.100s", verdict->text);
}

/*
 * Where an interpreter's segment without file contents begins at a page outside
 * user space, the kernel's loader takes that address for the interpreter's
 * place, and may run it: Documentation/differences.md, "A place that is none".
 */
static bool has_misplaced_segment(const struct work_file *interp)
{
	Elf_Ehdr ehdr;
	Elf_Phdr phdr;
	int i;

	memcpy(&ehdr, interp->bytes, sizeof(ehdr));
	for (i = 0; i < ehdr.e_phnum; i++) {
		__u64 at = ehdr.e_phoff + i * sizeof(phdr), addr;

		if (at > interp->size || sizeof(phdr) > interp->size - at)
			return false;
		memcpy(&phdr, interp->bytes + at, sizeof(phdr));
		addr = phdr.p_vaddr;
		if (phdr.p_type == PT_LOAD && !phdr.p_filesz &&
		    !(addr % PAGE) && addr >= TEST_STACK_END)
			return true;
	}
	return false;
}

static void judge_outcome(struct verdict *verdict)
{
	struct outcome *theirs = &pair.sight[0].exec;
	struct outcome *ours = &pair.sight[1].exec;
	char a[128], b[128];
	const struct rule *rule;

	if (ours->err)
		ours->reason = run_reason(work);
	rule = find_rule(theirs, ours);
	/* That the tag is bad is for us to say. */
	if (rule && (ours->err != EBADMSG ||
		     xelf_check_tag(work->file[THE_PROGRAM].bytes) != XELF_OK)) {
		state->by_rule[rule - rules]++;
		return;
	}
	/* The program is its own interpreter, in another form than there. */
	if (pair.exclusive && ours->reason == XELF_INTERP_NOT_ELF) {
		state->own_interp++;
		return;
	}
	if (theirs->execed && (ours->reason == XELF_INTERP_SEGMENTS || ours->signal) &&
	    has_misplaced_segment(&work->file[THE_INTERP])) {
		state->misplaced++;
		return;
	}
	print_outcome(a, sizeof(a), theirs);
	print_outcome(b, sizeof(b), ours);
	say_wrong(verdict, "exec: binfmt_elf %s, binfmt_xelf %s", a, b);
}

/* The first thing that differs, without its address, is the key. */
static void judge_state(struct verdict *verdict)
{
	/* With room for what shrink() adds. */
	const size_t size = sizeof(verdict->details) - 32;
	FILE *details = fmemopen(verdict->details, size, "w");
	const struct sight *a = &pair.sight[0], *b = &pair.sight[1];
	size_t found = 0, i;

	if (!pair.exclusive)
		found = run_explain(work, details);
	fclose(details);
	verdict->details[size - 1] = 0;
	if (found) {
		say_wrong(verdict, "what is seen differs in %zu place(s)%.400s",
			  found, verdict->details + 1);
		verdict->text[strcspn(verdict->text, "\n")] = 0;
		snprintf(verdict->key, sizeof(verdict->key), "%.*s",
			 (int)strcspn(verdict->details + 2, ".:"),
			 verdict->details + 2);
		return;
	}
	for (i = 0; i < a->size && i < b->size && a->seen[i] == b->seen[i]; i++)
		;
	say_wrong(verdict, "what is seen differs at byte %zu of %zu and %zu, and not to the oracle",
		  i, a->size, b->size);
	strcpy(verdict->key, "not to the oracle");
}

/* The line of the output that differs. */
static void add_line(struct verdict *verdict, const char *who,
		     const struct sight *sight, size_t at)
{
	size_t used = strlen(verdict->details);

	while (at && sight->output[at - 1] != '\n')
		at--;
	snprintf(verdict->details + used, sizeof(verdict->details) - used,
		 "# %s: %.*s\n", who,
		 (int)strcspn(sight->output + at, "\n"), sight->output + at);
}

static void judge_end(struct verdict *verdict, unsigned int run_ms)
{
	const struct sight *a = &pair.sight[0], *b = &pair.sight[1];
	size_t at;

	/* Is one of them slow, or does it hang? */
	if (a->ended != b->ended) {
		run_ms *= SLOW;
		run_pair(work, &pair, false, run_ms);
		if (run_same_end(&pair))
			return;
		state->runs++;
	}
	if (run_is_random(work, &pair, run_ms)) {
		state->random++;
		return;
	}
	say_wrong(verdict,
		  "the end differs: binfmt_elf 0x%lx at 0x%lx (stack 0x%lx, %zu bytes of output), binfmt_xelf 0x%lx at 0x%lx (stack 0x%lx, %zu bytes)",
		  a->end[0], a->end[1], a->end[2], a->output_size,
		  b->end[0], b->end[1], b->end[2], b->output_size);
	strcpy(verdict->key, "the end differs");
	for (at = 0; at < a->output_size && at < b->output_size; at++) {
		if (a->output[at] != b->output[at]) {
			add_line(verdict, "binfmt_elf", a, at);
			add_line(verdict, "binfmt_xelf", b, at);
			return;
		}
	}
}

/* Nobody but us runs the exclusive form. */
static void judge_alone(struct verdict *verdict)
{
	struct outcome ours = pair.sight[1].exec;
	const struct rule *rule;

	/* Elsewhere it is not: what it is compared with has the plain form. */
	ours.exclusive = true;
	rule = find_rule(&pair.alone, &ours);
	if (pair.alone.execed || pair.alone.signal)
		say_wrong(verdict, "the kernel's loader takes the exclusive form");
	else if (rule)
		state->by_rule[rule - rules]++;
}

/* Is it a program that our loader must not leave to any other? */
static bool is_for_us(const struct work_file *program)
{
	Elf_Ehdr ehdr;

	memcpy(&ehdr, program->bytes, sizeof(ehdr));
	return xelf_check_tag(program->bytes) == XELF_OK &&
	       ehdr.e_machine == TEST_MACHINE;
}

/*
 * That the outcomes are the same says nothing if one loader has had both: what
 * ours hands on with ENOEXEC, the kernel's takes.
 */
static void judge_loader(struct verdict *verdict)
{
	enum xelf_reason reason;
	char what[128];
	int ours;

	for (ours = 0; ours < 2; ours++) {
		const struct sight *sight = &pair.sight[ours];
		bool must = ours && is_for_us(&work->file[THE_PROGRAM]);

		if (sight->exec.err || sight->by_ours == must)
			continue;
		print_outcome(what, sizeof(what), &sight->exec);
		if (!must || sight->by_ours) {
			say_wrong(verdict,
				  "exec: %s %s; binfmt_xelf counts %ld of its own, not %d",
				  ours ? "binfmt_xelf" : "binfmt_elf", what,
				  sight->by_ours, must);
			return;
		}
		reason = run_reason(work);
		say_wrong(verdict,
			  "exec: binfmt_xelf hands it on (%s), and another loader %s",
			  reason ? xelf_reason_name(reason) : "not counted", what);
		return;
	}
}

static void run_work(struct verdict *verdict, bool ours_first)
{
	const unsigned int run_ms = state->has_kcov ? 3000 : 300;
	const char *unwritten = run_write(work);

	state->runs++;
	verdict->wrong = false;
	*verdict->details = 0;
	if (unwritten) {
		say_wrong(verdict, "%s, since the input before this one",
			  unwritten);
		verdict->repeats = false;
		return;
	}
	run_pair(work, &pair, ours_first, run_ms);
	judge_loader(verdict);
	if (verdict->wrong)
		return;
	if (pair.exclusive)
		judge_alone(verdict);
	if (!same_outcome(&pair.sight[0].exec, &pair.sight[1].exec))
		judge_outcome(verdict);
	else if (!run_same_state(&pair))
		judge_state(verdict);
	else if (!run_same_end(&pair))
		judge_end(verdict, run_ms);
}

/* ---- what must hold whatever ran ---- */

/* No program of ours lives, and none has left anything open. */
static void check_counts(struct verdict *verdict)
{
	long refcnt = number_in(REFCNT), files = number_in(FILE_NR);

	if (refcnt)
		say_wrong(verdict, "the module's reference count is %ld, with no program left",
			  refcnt);
	else if (files > first_files + FILES_MAY_VARY)
		say_wrong(verdict, "%ld files are open in the kernel, and %ld were",
			  files, first_files);
	else
		return;
	verdict->repeats = false;
}

/* Has the kernel complained? scripts/vm looks for much the same. */
static void check_log(struct verdict *verdict)
{
	static const char *const words[] = {
		"BUG:", "WARNING:", "Oops", "KASAN", "UBSAN", "Call Trace",
		"Call trace", "possible irq lock inversion", "possible deadlock",
		"general protection fault", "unreferenced object",
		"possible circular locking", "possible recursive locking",
		"inconsistent lock state", "suspicious RCU usage",
		"held lock freed", "bad unlock balance",
	};
	char line[8192];
	ssize_t got;
	int i;

	while ((got = read(kmsg, line, sizeof(line) - 1)) > 0 ||
	       (got < 0 && errno == EPIPE)) {
		if (got < 0)
			continue;
		line[got] = 0;
		line[strcspn(line, "\n")] = 0;
		for (i = 0; i < ARRAY_SIZE(words) && !verdict->wrong; i++) {
			if (!strstr(line, words[i]))
				continue;
			say_wrong(verdict, "the kernel complained: %.200s",
				  strchr(line, ';') ?: line);
			verdict->repeats = false;
		}
	}
}

/* ---- what goes out ---- */

static void print_block(const char *what, unsigned long number,
			const struct input *input, const struct verdict *verdict)
{
	printf("== %s %lu\n", what, number);
	if (verdict)
		printf("# seed %llu, input %lu: %s\n%s",
		       (unsigned long long)options.seed, state->turn,
		       verdict->text, verdict->details);
	if (input)
		input_print(stdout, input);
	fflush(stdout);
}

/* So that the log has it, should the kernel not survive it. */
static void log_input(const struct input *input)
{
	char *text, *line, *rest;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	fprintf(to, "# seed %llu, input %lu\n", (unsigned long long)options.seed,
		state->turn);
	input_print(to, input);
	fclose(to);
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			dprintf(kmsg_write, "exec_fuzz: %.900s\n", line);
	free(text);
}

static bool is_alike(const struct verdict *verdict)
{
	static struct {
		char key[128];
		unsigned int seen;
	} keys[MAX_KEYS];
	int i;

	for (i = 0; i < MAX_KEYS && *keys[i].key; i++)
		if (!strcmp(keys[i].key, verdict->key))
			return ++keys[i].seen > MAX_ALIKE;
	if (i < MAX_KEYS) {
		strcpy(keys[i].key, verdict->key);
		keys[i].seen = 1;
	}
	return false;
}

/* Runs it again, smaller; is it the same finding still? */
static bool still_wrong(const struct input *input, struct verdict *verdict)
{
	struct verdict again;

	work_load(work, input);
	work_seal(work);
	run_work(&again, false);
	if (!again.wrong || strcmp(again.key, verdict->key))
		return false;
	*verdict = again;
	return true;
}

/* Takes one patch after the other away, where the finding stays. */
static void shrink_file(struct input *input, int which, struct verdict *verdict)
{
	struct input_file *file = &input->file[which];
	__u8 *old = malloc(file->patches_size + 1);
	struct patch patch;
	size_t at = 0, size, all;

	while (at < file->patches_size) {
		memcpy(&patch, file->patches + at, sizeof(patch));
		size = sizeof(patch) + patch.size;
		all = file->patches_size;
		memcpy(old, file->patches, all);
		memmove(file->patches + at, file->patches + at + size,
			all - at - size);
		file->patches_size -= size;
		if (still_wrong(input, verdict))
			continue;
		memcpy(file->patches, old, all);
		file->patches_size = all;
		at += size;
	}
	free(old);
}

static void shrink(struct input *input, struct verdict *verdict)
{
	unsigned long *member = (unsigned long *)&input->setup, old;
	int i;

	if (!still_wrong(input, verdict)) {
		strcat(verdict->details, "# not seen again\n");
		return;
	}
	for (i = 0; i < sizeof(input->setup) / sizeof(*member); i++) {
		old = member[i];
		member[i] = 0;
		if (old && !still_wrong(input, verdict))
			member[i] = old;
	}
	shrink_file(input, THE_PROGRAM, verdict);
	shrink_file(input, THE_INTERP, verdict);
	/* What it is now, with the words for it. */
	still_wrong(input, verdict);
}

/* Takes the input. */
static void report(struct input *input, struct verdict *verdict)
{
	state->findings++;
	if (is_alike(verdict)) {
		input_free(input);
		return;
	}
	if (verdict->repeats)
		shrink(input, verdict);
	fprintf(stderr, "fuzz-vm: finding %lu: %s\n", state->findings,
		verdict->text);
	print_block("finding", state->findings, input, verdict);
	input_free(input);
}

/* ---- the loop ---- */

static void count(void)
{
	const struct sight *theirs = &pair.sight[0], *ours = &pair.sight[1];

	state->compared++;
	state->edges = kcov_edges();
	state->shapes = shapes();
	state->ran_on += ours->ended;
	if (!same_outcome(&theirs->exec, &ours->exec))
		return;
	if (ours->exec.err)
		state->refused++;
	else if (!ours->by_ours)
		state->handed_on++;
	else if (ours->exec.execed)
		state->loaded++;
	else
		state->killed++;
}

/* What shows that a run was the same as another. */
static void add_to_digest(const struct input *input)
{
	const struct outcome *theirs = &pair.sight[0].exec;
	const struct outcome *ours = &pair.sight[1].exec;
	__u64 sum = state->digest;
	__u64 what[] = {
		theirs->execed, theirs->err, theirs->signal,
		ours->execed, ours->err, ours->signal,
		input->file[0].size, input->file[1].size,
	};
	int i;

	sum = xelf_sum(sum, &input->setup, sizeof(input->setup));
	for (i = 0; i < FILES; i++)
		sum = xelf_sum(sum, input->file[i].patches,
			       input->file[i].patches_size);
	state->digest = xelf_sum(sum, what, sizeof(what));
}

static void keep(struct input *input, unsigned int edges)
{
	bool is_new = shape_is_new(pair.sight[1].shape);

	if (!(edges || is_new) || state->corpus == MAX_CORPUS) {
		input_free(input);
		return;
	}
	if (mutates)
		print_block("corpus", state->turn, input, NULL);
	corpus[state->corpus++] = *input;
}

/* Runs what is in @work. */
static void try_work(void)
{
	struct verdict verdict = { };
	struct input input;
	unsigned int edges;

	work_seal(work);
	if (!input_make(&input, work))
		return;
	if (options.log)
		log_input(&input);
	run_work(&verdict, state->turn % 2);
	edges = kcov_end();
	count();
	add_to_digest(&input);
	check_log(&verdict);
	if (!(state->compared % CHECK_EVERY))
		check_counts(&verdict);
	if (verdict.wrong)
		report(&input, &verdict);
	else
		keep(&input, edges);
}

static bool is_over(void)
{
	return (options.execs && state->compared >= options.execs) ||
	       (options.seconds && now_ms() - state->begun >= options.seconds * 1000) ||
	       (options.stop && state->findings);
}

static void load_corpus(void)
{
	struct dirent **names;
	struct input input;
	int n, i;
	FILE *from;

	if (chdir(options.corpus))
		die("%s", options.corpus);
	n = scandir(".", &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		from = *names[i]->d_name == '.' ? NULL : fopen(names[i]->d_name, "r");
		if (!from)
			continue;
		/* One of other bases is no loss. */
		if (input_read(from, &input)) {
			work_load(work, &input);
			try_work();
			state->turn++;
		}
		fclose(from);
		input_free(&input);
	}
}

static const struct input *pick(struct rng *rng)
{
	unsigned long recent = state->corpus < 64 ? state->corpus : 64;

	if (rng_one_in(rng, 3))
		return &corpus[state->corpus - 1 - rng_below(rng, recent)];
	return &corpus[rng_below(rng, state->corpus)];
}

static void fuzz(void)
{
	int base;

	for (base = 0; base < base_count() && !is_over(); base++) {
		if (!base_is_program(base) || base % options.one_in)
			continue;
		work_begin(work, base);
		try_work();
		state->turn++;
	}
	if (options.corpus)
		load_corpus();
	mutates = true;
	while (!is_over()) {
		struct rng rng = { options.seed * 0x100000000ULL + state->turn };

		work_load(work, pick(&rng));
		mutate(work, pick(&rng), &rng);
		try_work();
		state->turn++;
	}
}

/* What no single input can be blamed for: it is the run that shows it again. */
static void check_end(void)
{
	struct verdict verdict = { };
	const char *in_use;

	check_counts(&verdict);
	in_use = run_unmake();
	if (in_use && !verdict.wrong)
		say_wrong(&verdict, "%s", in_use);
	if (!verdict.wrong)
		return;
	state->findings++;
	fprintf(stderr, "fuzz-vm: finding %lu: %s\n", state->findings,
		verdict.text);
	print_block("finding", state->findings, NULL, &verdict);
}

static void print_summary(void)
{
	const struct {
		const char *name;
		unsigned long count;
	} counts[] = {
		{ "inputs", state->turn },
		{ "compared", state->compared },
		{ "loaded", state->loaded },
		{ "refused", state->refused },
		{ "killed", state->killed },
		{ "handed-on", state->handed_on },
		{ "ran-on", state->ran_on },
		{ "random-ends", state->random },
		{ "misplaced", state->misplaced },
		{ "own-interp", state->own_interp },
		{ "corpus", state->corpus },
		{ "edges", state->edges },
		{ "shapes", state->shapes },
		{ "findings", state->findings },
		{ "milliseconds", now_ms() - state->begun },
	};
	unsigned int i;

	printf("== summary 0\n");
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		printf("%s %lu\n", counts[i].name, counts[i].count);
	for (i = 0; i < RULE_COUNT; i++)
		printf("%s %lu\n", rules[i].name, state->by_rule[i]);
	printf("digest %016llx\n", (unsigned long long)state->digest);
	fflush(stdout);
}

/* ---- processes ---- */

static void prepare(void)
{
	/* What a file without a loader asks for; nobody has it, and it is slow. */
	int fd = open("/proc/sys/kernel/modprobe", O_WRONLY | O_TRUNC);

	if (fd >= 0 && write(fd, "\n", 1) == 1)
		close(fd);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	kmsg_write = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0 || kmsg_write < 0)
		die("/dev/kmsg");
	lseek(kmsg, 0, SEEK_END);
	first_files = number_in(FILE_NR);
	state->has_kcov = kcov_open();
	run_make(&pair);
}

static int reproduce(void)
{
	struct verdict verdict = { };
	const char *in_use;
	struct input input;
	FILE *from = fopen(options.input, "r");

	if (!from || !input_read(from, &input)) {
		fprintf(stderr, "exec_fuzz: %s: is no input, or one of other programs\n",
			options.input);
		return 2;
	}
	work_load(work, &input);
	work_seal(work);
	run_work(&verdict, false);
	check_log(&verdict);
	check_counts(&verdict);
	in_use = run_unmake();
	if (in_use && !verdict.wrong)
		say_wrong(&verdict, "%s", in_use);
	if (verdict.wrong)
		printf("%s\n%s", verdict.text, verdict.details);
	else
		printf("nothing differs but what is meant\n");
	return verdict.wrong;
}

/* The process that works. */
static int work_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prepare();
	if (options.input)
		return reproduce();
	fuzz();
	if (!options.stop || !state->findings)
		check_end();
	print_summary();
	return state->findings ? 1 : 0;
}

static void print_progress(void)
{
	static unsigned long last, last_ms;
	unsigned long ms = now_ms(), done = state->compared;

	fprintf(stderr,
		"fuzz-vm: %lu s: %lu execs compared, %lu/s, corpus %lu, %lu %s, findings %lu\n",
		(ms - state->begun) / 1000, done,
		(done - last) * 1000 / (ms - (last_ms ?: state->begun) ?: 1),
		state->corpus, state->has_kcov ? state->edges : state->shapes,
		state->has_kcov ? "edges" : "shapes", state->findings);
	last = done;
	last_ms = ms;
}

/* What it hangs in, or died of: @work is as it was. */
static int report_dead(const char *text)
{
	struct verdict verdict = { };
	struct input input;

	say_wrong(&verdict, "%s", text);
	verdict.repeats = false;
	if (input_make(&input, work))
		report(&input, &verdict);
	print_summary();
	return 1;
}

/* Waits for the process that works, and says how far it is. */
static int watch(pid_t worker)
{
	unsigned long moved = state->begun, shown = moved;
	unsigned long runs = 0;
	int status;

	for (;;) {
		if (waitpid(worker, &status, WNOHANG) == worker)
			break;
		poll(NULL, 0, 100);
		if (runs != state->runs) {
			runs = state->runs;
			moved = now_ms();
		}
		if (!options.input && now_ms() - shown >= PROGRESS_MS) {
			shown = now_ms();
			print_progress();
		}
		if (now_ms() - moved >= HUNG_MS)
			return report_dead("an exec has not come to an end in a minute");
	}
	if (WIFSIGNALED(status))
		return report_dead("the fuzzer itself was killed");
	return WEXITSTATUS(status);
}

static void usage(void)
{
	fputs("usage: exec_fuzz [-s SEED] [-n EXECS] [-t SECONDS] [-b NUMBER] [-c DIRECTORY]\n"
	      "                 [-i FILE] [-l] [-x] [PROGRAM]...\n", stderr);
	exit(2);
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "s:n:t:b:c:i:lx")) != -1) {
		switch (option) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.execs = strtoul(optarg, NULL, 0);
			break;
		case 't':
			options.seconds = strtoul(optarg, NULL, 0);
			break;
		case 'b':
			options.one_in = strtoul(optarg, NULL, 0) ?: 1;
			break;
		case 'c':
			options.corpus = optarg;
			break;
		case 'i':
			options.input = optarg;
			break;
		case 'l':
			options.log = true;
			break;
		case 'x':
			options.stop = true;
			break;
		default:
			usage();
		}
	}
	if (!options.execs && !options.seconds)
		options.seconds = 60;
}

int main(int argc, char **argv)
{
	pid_t worker;
	int status;

	read_options(argc, argv);
	if (mkdir(PLACE, 0755) && errno != EEXIST)
		die("%s", PLACE);
	state = share_memory(sizeof(*state));
	work = &state->work;
	work_make(work);
	bases_make(argv + optind);
	state->begun = now_ms();
	worker = fork();
	if (worker < 0)
		die("fork");
	if (!worker)
		exit(work_on());
	status = watch(worker);
	set_enabled(true);
	return status;
}
