// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stack image: arguments, environment, auxiliary vector, the stack's
 * limits and rights, and the personalities that change the address space.
 */
#include "both.h"

#include <limits.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#define DIR_	"/tmp/stack_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */

#define MAX_STRING	(32 * 4096)	/* MAX_ARG_STRLEN, its null byte included */
#define ET_DYN_BASE	TEST_DYN_BASE

#ifndef ADDR_COMPAT_LAYOUT
#define ADDR_COMPAT_LAYOUT	0x0200000
#endif

/* ---- in the program under test ---- */

/* Reports what only a C program can look at easily. */
static int child_auxv(void)
{
	extern char **environ;
	static unsigned char file[4096];
	static char maps[65536];
	const unsigned char *random = (void *)getauxval(AT_RANDOM);
	const unsigned long *auxv, *end;
	unsigned long first, last;
	char **env = environ, *stack;
	size_t size;
	int i;

	while (*env)
		env++;
	auxv = (unsigned long *)(env + 1);
	for (end = auxv; *end; end += 2)
		;
	end += 2;
	size = read_file("/proc/self/auxv", file, sizeof(file));
	printf("auxv-file %s\n",
	       size >= (size_t)((char *)end - (char *)auxv) &&
	       !memcmp(file, auxv, (char *)end - (char *)auxv) ?
	       "same" : "different");
	/* The rest of saved_auxv is zero. */
	for (i = (char *)end - (char *)auxv; i < (int)size; i++)
		if (file[i])
			printf("auxv-file has %x at %d\n", file[i], i);
	printf("auxv-file-size %zu\n", size);
	printf("platform %s\n", (char *)getauxval(AT_PLATFORM));
	printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
	printf("personality %x\n", personality(0xffffffff));

	read_text("/proc/self/maps", maps, sizeof(maps));
	stack = strstr(maps, "[stack]");
	while (stack > maps && stack[-1] != '\n')
		stack--;
	sscanf(stack, "%lx-%lx", &first, &last);
	printf("random-in-stack %d\n", (unsigned long)random >= first &&
	       (unsigned long)random + 16 <= last);
	printf("random ");
	for (i = 0; i < 16; i++)
		printf("%02x", random[i]);
	printf("\n");
	return 0;
}

static int recurse(int depth)
{
	volatile char frame[4096];

	frame[0] = depth;
	frame[sizeof(frame) - 1] = depth;
	return depth ? recurse(depth - 1) + frame[0] - frame[0] : frame[0];
}

/* What the kernel notes of the lowest mapping, and whether it can be taken away. */
static int child_lowest(void)
{
	static char maps[1 << 16];
	char *flags;

	read_text("/proc/self/smaps", maps, sizeof(maps));
	flags = strstr(maps, "VmFlags:");
	printf("%.13s\n%.*s\n", maps, (int)strcspn(flags, "\n"), flags);
	printf("munmap %s\n", munmap(NULL, 4096) ? strerror(errno) : "done");
	return 0;
}

static int child(int argc, char **argv)
{
	const char *what = argv[1] + strlen(CHILD_PREFIX);

	if (!strcmp(what, "auxv"))
		return child_auxv();
	if (!strcmp(what, "lowest"))
		return child_lowest();
	if (!strcmp(what, "recurse") && argc > 2) {
		printf("reached %d\n", recurse(atoi(argv[2]) * 256));
		return 0;
	}
	return 2;
}

/* ---- the tests ---- */

FIXTURE(stack) {
	struct run r[2];
	struct run how;
};

FIXTURE_SETUP(stack)
{
	fresh_dir(DIR_);
	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, ET_DYN, INTERP);
}

FIXTURE_TEARDOWN(stack)
{
	remove_dir(DIR_);
}

/* The probe ran to its end under both, and saw the same. */
static void probe_both(struct __test_metadata *_metadata,
		       const struct run *how, struct run r[2])
{
	run_both(_metadata, PROGRAM, how, r, 1);
	EXPECT_EQ(0, r[1].err);
	EXPECT_TRUE(WIFEXITED(r[1].status));
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r[1].status));
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
}

/* Counts the lines of @text that begin with @start. */
static int count_lines(const char *text, const char *start)
{
	int n = 0;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		n += !strncmp(text, start, strlen(start));
		if (!*text)
			break;
	}
	return n;
}

/* @count strings and a NULL; numbered, so that an order shows. */
static char **make_strings(int count, const char *prefix)
{
	char **strings = calloc(count + 1, sizeof(*strings));
	int i;

	for (i = 0; i < count; i++)
		if (asprintf(&strings[i], "%s%d", prefix, i) < 0)
			die("asprintf");
	return strings;
}

/* @count strings of @size characters. */
static char **make_long_strings(int count, size_t size)
{
	char **strings = calloc(count + 1, sizeof(*strings));
	int i;

	for (i = 0; i < count; i++) {
		strings[i] = malloc(size + 1);
		memset(strings[i], 'a' + i % 26, size);
		strings[i][size] = 0;
	}
	return strings;
}

TEST_F(stack, no_arguments_at_all_are_as_when_untagged)
{
	char *const none[] = { NULL };

	self->how.argv = none;
	self->how.envp = none;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_GE(1UL, number_of(seen[1], "argc"));
	EXPECT_EQ(0, count_lines(seen[1], "envp "));
}

TEST_F(stack, one_argument_is_exact)
{
	char *const argv[] = { "only one", NULL };

	self->how.argv = argv;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_EQ(1UL, number_of(seen[1], "argc"));
	EXPECT_EQ(1, count_lines(seen[1], "argv "));
	EXPECT_EQ(1, count_lines(seen[1], "only one\n"));
}

TEST_F(stack, empty_strings_are_kept)
{
	char *const argv[] = { "", "", "x", "", NULL };
	char *const envp[] = { "", "=", "A=", "", NULL };

	self->how.argv = argv;
	self->how.envp = envp;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_EQ(4UL, number_of(seen[1], "argc"));
	EXPECT_EQ(4, count_lines(seen[1], "argv "));
	EXPECT_EQ(4, count_lines(seen[1], "envp "));
}

TEST_F(stack, twenty_thousand_arguments_are_in_order)
{
	self->how.argv = make_strings(20000, "argument-");
	self->how.envp = make_strings(3000, "V=");
	probe_both(_metadata, &self->how, self->r);
	EXPECT_EQ(20000UL, number_of(seen[1], "argc"));
	EXPECT_EQ(20000, count_lines(seen[1], "argument-"));
	EXPECT_EQ(3000, count_lines(seen[1], "V="));
	EXPECT_NE(NULL, strstr(seen[1], "\nargument-0\n"));
	EXPECT_NE(NULL, strstr(seen[1], "\nargument-19999\n"));
}

TEST_F(stack, an_argument_of_the_greatest_length_is_whole)
{
	self->how.argv = make_long_strings(1, MAX_STRING - 1);
	probe_both(_metadata, &self->how, self->r);
	EXPECT_NE(NULL, strstr(seen[1], self->how.argv[0]));
}

TEST_F(stack, one_byte_more_than_the_greatest_length_is_E2BIG)
{
	self->how.argv = make_long_strings(1, MAX_STRING);
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(E2BIG, self->r[1].err);
}

static void limit_stack(unsigned long kib)
{
	struct rlimit limit = { .rlim_cur = kib << 10, .rlim_max = RLIM_INFINITY };

	if (kib == ~0UL)
		limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_STACK, &limit))
		die("setrlimit");
}

static void limit_160k(void)
{
	limit_stack(160);
}

static void limit_256k(void)
{
	limit_stack(256);
}

static void limit_1m(void)
{
	limit_stack(1024);
}

static void limit_8m(void)
{
	limit_stack(8192);
}

static void no_limit(void)
{
	limit_stack(~0UL);
}

/* The errno of an exec with about @size bytes of arguments. */
static int exec_with(bool ours, size_t size)
{
	struct run r = { .setup = limit_1m };
	char **argv = make_long_strings(4, 65000);
	int i;

	free(argv[3]);
	argv[3] = NULL;
	if (size)
		argv[3] = make_long_strings(1, size)[0];
	r.argv = argv;
	run_under(ours, PROGRAM, &r);
	for (i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
	return r.err;
}

/* The greatest last argument that is taken. */
static size_t find_edge(bool ours)
{
	size_t low = 1, high = 100000;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (exec_with(ours, middle))
			high = middle;
		else
			low = middle;
	}
	return low;
}

TEST_F(stack, the_edge_to_E2BIG_is_where_it_is_untagged)
{
	size_t edge = find_edge(false);
	long loaded = counter("loaded");

	ASSERT_LT(1UL, edge);
	ASSERT_GT(99999UL, edge);
	EXPECT_EQ(0, exec_with(true, edge));
	EXPECT_EQ(1, counter("loaded") - loaded);
	EXPECT_EQ(E2BIG, exec_with(false, edge + 1));
	EXPECT_EQ(E2BIG, exec_with(true, edge + 1));
	EXPECT_EQ(1, counter("loaded") - loaded);
}

TEST_F(stack, a_low_stack_limit_is_honoured)
{
	self->how.setup = limit_256k;
	probe_both(_metadata, &self->how, self->r);
}

TEST_F(stack, arguments_may_fill_three_quarters_of_a_low_limit)
{
	self->how.argv = make_long_strings(12, 10239);
	self->how.setup = limit_160k;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_EQ(12UL, number_of(seen[1], "argc"));
	EXPECT_LE(12 * 10240UL, number_of(seen[1], "stack-bytes"));
}

/* The legacy layout maps files from a third of user space up. */
#define LEGACY_END	(TEST_MMAP_END / 2)

TEST_F(stack, without_a_limit_the_legacy_layout_is_used)
{
	self->how.setup = limit_8m;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_LT(LEGACY_END, auxv_of(seen[1], AT_BASE));

	self->how.setup = no_limit;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_GT(LEGACY_END, auxv_of(seen[1], AT_BASE));
}

static void compat_layout(void)
{
	personality(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT);
}

TEST_F(stack, ADDR_COMPAT_LAYOUT_is_honoured)
{
	self->how.setup = compat_layout;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_GT(LEGACY_END, auxv_of(seen[1], AT_BASE));
}

/* Rights of the stack, as "rw-p", where /proc/self/maps has them. */
static const char *stack_rights(const char *text)
{
	static char rights[8];
	const char *stack = strstr(text, "[stack]");

	strcpy(rights, "none");
	if (!stack)
		return rights;
	while (stack > text && stack[-1] != '\n')
		stack--;
	sscanf(stack, "%*s %7s", rights);
	return rights;
}

static void write_stack_flags(int type, int flags)
{
	image_init(&image, type);
	if (flags < 0)
		image.phdr[PH_STACK].p_type = PT_NULL;
	else
		image.phdr[PH_STACK].p_flags = flags;
	image_write(&image, PROGRAM, true);
}

TEST_F(stack, the_stack_is_executable_only_if_asked_for)
{
	write_stack_flags(ET_EXEC, PF_R | PF_W);
	probe_both(_metadata, &self->how, self->r);
	EXPECT_STREQ("rw-p", stack_rights(seen[1]));

	write_stack_flags(ET_EXEC, PF_R | PF_W | PF_X);
	probe_both(_metadata, &self->how, self->r);
	EXPECT_STREQ("rwxp", stack_rights(seen[1]));

	/* Only PF_X counts. */
	write_stack_flags(ET_EXEC, 0);
	probe_both(_metadata, &self->how, self->r);
	EXPECT_STREQ("rw-p", stack_rights(seen[1]));

	write_stack_flags(ET_EXEC, PF_X);
	probe_both(_metadata, &self->how, self->r);
	EXPECT_STREQ("rwxp", stack_rights(seen[1]));
}

TEST_F(stack, without_PT_GNU_STACK_rights_are_the_machines_default)
{
	write_stack_flags(ET_EXEC, -1);
	probe_both(_metadata, &self->how, self->r);
	EXPECT_STRNE("none", stack_rights(seen[1]));
}

TEST_F(stack, the_stack_pointer_is_a_multiple_of_16)
{
	struct run r = {
		.aslr = true,
		.output = seen[1],
		.output_size = sizeof(seen[1]),
	};
	long loaded = counter("loaded");
	int i;

	for (i = 1; i <= 32; i++) {
		/* Every count of words below it, every length above it. */
		r.argv = make_strings(i, &"0123456789abcdef"[i % 16]);
		run(PROGRAM, &r);
		EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
		EXPECT_EQ(0UL, number_of(seen[1], "sp") % 16);
		EXPECT_EQ((unsigned long)i, number_of(seen[1], "argc"));
	}
	EXPECT_EQ(32, counter("loaded") - loaded);
}

/* ---- the auxiliary vector ---- */

TEST_F(stack, the_auxiliary_vector_is_the_kernels_own)
{
	static const unsigned long ids[] = {
		AT_SYSINFO_EHDR, AT_HWCAP, AT_PAGESZ, AT_CLKTCK, AT_PHDR,
		AT_PHENT, AT_PHNUM, AT_BASE, AT_FLAGS, AT_ENTRY, AT_UID,
		AT_EUID, AT_GID, AT_EGID, AT_SECURE, AT_RANDOM, AT_HWCAP2,
		AT_EXECFN, AT_PLATFORM,
	};
	char name[32];
	size_t i;

	probe_both(_metadata, &self->how, self->r);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		snprintf(name, sizeof(name), "auxv %lx ", ids[i]);
		EXPECT_EQ(1, count_lines(seen[1], name)) {
			TH_LOG("entry %lu", ids[i]);
		}
	}
	EXPECT_EQ(0UL, number_of(seen[1], "auxv-end"));
	EXPECT_EQ(4096UL, auxv_of(seen[1], AT_PAGESZ));
	EXPECT_EQ(sizeof(Elf_Phdr), auxv_of(seen[1], AT_PHENT));
	EXPECT_EQ((unsigned long)PH_COUNT + 1, auxv_of(seen[1], AT_PHNUM));
	EXPECT_EQ(ET_DYN_BASE + sizeof(Elf_Ehdr), auxv_of(seen[1], AT_PHDR));
	EXPECT_EQ(ET_DYN_BASE + IMAGE_CODE, auxv_of(seen[1], AT_ENTRY));
	/* AT_EXECFD is binfmt_misc's. */
	EXPECT_EQ(~0UL, auxv_of(seen[1], AT_EXECFD));
}

/* Takes the line with AT_RANDOM's bytes out of a report, and returns it. */
static char *take_random(char *text)
{
	char *line = strstr(text, "random "), *copy = NULL;

	if (line) {
		copy = strndup(line, strcspn(line, "\n"));
		memset(line, '.', strlen(copy));
	}
	return copy;
}

static char *const auxv_argv[] = { CHILD, CHILD_PREFIX "auxv", NULL };

TEST_F(stack, what_the_auxiliary_vector_points_to_is_right)
{
	char *random[2], *again;
	int ours;

	write_self(CHILD);
	self->how.argv = auxv_argv;
	run_each(_metadata, CHILD, &self->how, self->r, 1);
	for (ours = 0; ours < 2; ours++) {
		EXPECT_EQ(0, self->r[ours].status);
		random[ours] = take_random(seen[ours]);
		ASSERT_NE(NULL, random[ours]);
	}
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_NE(NULL, strstr(seen[1], "auxv-file same\n"));
	EXPECT_NE(NULL, strstr(seen[1], "platform " TEST_PLATFORM "\n"));
	EXPECT_NE(NULL, strstr(seen[1], "execfn " CHILD "\n"));
	EXPECT_NE(NULL, strstr(seen[1], "random-in-stack 1\n"));

	run_each(_metadata, CHILD, &self->how, self->r, 1);
	again = take_random(seen[1]);
	ASSERT_NE(NULL, again);
	EXPECT_STRNE(random[1], again);
	EXPECT_STRNE(random[1], random[0]);
	EXPECT_STRNE("random 00000000000000000000000000000000", again);
}

/* ---- growth ---- */

TEST_F(stack, the_stack_grows)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "recurse", "4", NULL };

	write_self(CHILD);
	self->how.argv = argv;
	self->how.setup = limit_8m;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_STREQ("reached 0\n", seen[1]);
}

TEST_F(stack, the_stack_does_not_grow_past_its_limit)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "recurse", "4", NULL };

	write_self(CHILD);
	self->how.argv = argv;
	self->how.setup = limit_1m;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_TRUE(WIFSIGNALED(self->r[1].status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(self->r[1].status));
}

TEST_F(stack, the_stack_grows_without_a_limit)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "recurse", "12", NULL };

	write_self(CHILD);
	self->how.argv = argv;
	self->how.setup = no_limit;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_STREQ("reached 0\n", seen[1]);
}

/*
 * The exception makes the stack grow, and then finds that nothing of it can be
 * executed; scripts/vm sees if the kernel complains.
 */
TEST_F(stack, an_entry_right_below_the_stack_kills_as_when_untagged)
{
	const char *line;
	unsigned long start;

	probe_both(_metadata, &self->how, self->r);
	line = strstr(seen[1], "[stack]");
	ASSERT_NE(NULL, line);
	while (line > seen[1] && line[-1] != '\n')
		line--;
	start = strtoul(line, NULL, 16);
	image_init(&image, ET_EXEC);
	image.ehdr.e_entry = start - 0x6000;
	image_write(&image, PROGRAM, true);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_TRUE(WIFSIGNALED(self->r[1].status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(self->r[1].status));
}

/* ---- personalities and low addresses ---- */

static void page_zero(void)
{
	personality(ADDR_NO_RANDOMIZE | MMAP_PAGE_ZERO);
}

static void page_zero_as_nobody(void)
{
	page_zero();
	become_nobody();
}

TEST_F(stack, MMAP_PAGE_ZERO_maps_page_0_for_root)
{
	self->how.setup = page_zero;
	probe_both(_metadata, &self->how, self->r);
	/* On 32-bit ARM the processor's vectors might be there: nobody may. */
	EXPECT_EQ(TEST_LOWEST ? 0 : 1,
		  count_lines(seen[1], "00000000-00001000 r-xp"));
}

/* Sealed since 6.12. */
TEST_F(stack, MMAP_PAGE_ZERO_can_be_unmapped_as_when_untagged)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "lowest", NULL };

	write_self(CHILD);
	self->how.argv = argv;
	self->how.setup = page_zero;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "VmFlags:"));
}

TEST_F(stack, MMAP_PAGE_ZERO_is_in_vain_for_nobody)
{
	self->how.setup = page_zero_as_nobody;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_EQ(0, count_lines(seen[1], "00000000-"));
	EXPECT_NE(NULL, strstr(seen[1], "[stack]"));
}

static void read_implies_exec(void)
{
	personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC);
}

TEST_F(stack, READ_IMPLIES_EXEC_ends_as_when_untagged)
{
	char *random;
	int ours;

	self->how.setup = read_implies_exec;
	probe_both(_metadata, &self->how, self->r);
	EXPECT_STREQ("rw-p", stack_rights(seen[1]));

	write_self(CHILD);
	self->how.argv = auxv_argv;
	run_each(_metadata, CHILD, &self->how, self->r, 1);
	for (ours = 0; ours < 2; ours++) {
		random = take_random(seen[ours]);
		EXPECT_NE(NULL, random);
	}
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_EQ(TEST_PERSONALITY(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC),
		  number_of(seen[1], "personality"));
}

static void short_inode_sticky(void)
{
	personality(PER_LINUX | ADDR_NO_RANDOMIZE | SHORT_INODE |
		    STICKY_TIMEOUTS | UNAME26);
}

TEST_F(stack, other_personality_bits_stay)
{
	int ours;

	write_self(CHILD);
	self->how.argv = auxv_argv;
	self->how.setup = short_inode_sticky;
	run_each(_metadata, CHILD, &self->how, self->r, 1);
	for (ours = 0; ours < 2; ours++)
		EXPECT_NE(NULL, take_random(seen[ours]));
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_EQ(TEST_PERSONALITY(ADDR_NO_RANDOMIZE | SHORT_INODE |
				   STICKY_TIMEOUTS | UNAME26),
		  number_of(seen[1], "personality"));
}

/* The fixed program, moved down to there. */
#define LOW	(TEST_LOWEST ?: 0x1000UL)

static void write_low_program(void)
{
	int i;

	image_init(&image, ET_EXEC);
	image.ehdr.e_entry -= IMAGE_BASE - LOW;
	for (i = 0; i < PH_STACK; i++)
		image.phdr[i].p_vaddr -= IMAGE_BASE - LOW;
	image_write(&image, PROGRAM, true);
}

#define MMAP_MIN_ADDR	"/proc/sys/vm/mmap_min_addr"

TEST_F(stack, mmap_min_addr_is_honoured)
{
	char before[32];
	long killed;

	read_text(MMAP_MIN_ADDR, before, sizeof(before));
	write_low_program();
	write_text(MMAP_MIN_ADDR, "65536");

	/* Root may. */
	probe_both(_metadata, &self->how, self->r);
	EXPECT_EQ(LOW + IMAGE_CODE, auxv_of(seen[1], AT_ENTRY));

	self->how.setup = become_nobody;
	killed = counter("killed-program");
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(1, counter("killed-program") - killed);
	EXPECT_TRUE(WIFSIGNALED(self->r[1].status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(self->r[1].status));

	write_text(MMAP_MIN_ADDR, "4096");
	probe_both(_metadata, &self->how, self->r);
	write_text(MMAP_MIN_ADDR, before);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], CHILD_PREFIX, strlen(CHILD_PREFIX)))
		return child(argc, argv);
	return test_harness_run(argc, argv);
}
