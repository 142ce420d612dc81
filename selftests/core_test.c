// SPDX-License-Identifier: GPL-2.0-only
/*
 * Core dumps: a tagged program that dies leaves what the same bytes leave
 * untagged.
 */
#include "both.h"

#include <elf.h>
#include <limits.h>
#include <sys/procfs.h>
#include <sys/resource.h>

#define DIR_		"/tmp/core_test/"
#define CHILD		DIR_ "child"	/* this program */
#define CORE		DIR_ "core"
#define PATTERN		"/proc/sys/kernel/core_pattern"
#define USES_PID	"/proc/sys/kernel/core_uses_pid"

#define AUXV_SIZE	1024
#define PATH_SIZE	128

/* For %lx, in a program of either class. */
#define HEX(value)	((unsigned long)(value))

/* ---- in the program under test ---- */

/* Reports its vector and the place where it dies, and dies there. */
static int child_crash(void)
{
	unsigned char auxv[AUXV_SIZE];
	size_t size = read_file("/proc/self/auxv", auxv, sizeof(auxv)), i;

	printf("vector ");
	for (i = 0; i < size; i++)
		printf("%02x", auxv[i]);
	printf("\n");
	printf("dies %lx\n", (unsigned long)&&crash);
	fflush(stdout);
crash:
	/* A register tells that these are those of this very place. */
	__asm__ volatile(".globl dies_here\n\tdies_here: " TEST_CRASH
			 : : : TEST_CRASH_USES, "memory");
	return 0;
}

/* ---- a core file ---- */

struct core {
	unsigned char *bytes;
	size_t size;
	const Elf_Ehdr *ehdr;
	const Elf_Phdr *phdrs;
};

static struct core cores[2];	/* by the kernel's loader, by ours */

static void read_core(struct __test_metadata *_metadata, struct core *core)
{
	struct stat st;

	ASSERT_EQ(0, stat(CORE, &st));
	core->bytes = calloc(1, st.st_size + 1);
	core->size = read_file(CORE, core->bytes, st.st_size);
	ASSERT_EQ((size_t)st.st_size, core->size);
	ASSERT_LT(sizeof(Elf_Ehdr), core->size);
	core->ehdr = (void *)core->bytes;
	core->phdrs = (void *)(core->bytes + core->ehdr->e_phoff);
	ASSERT_EQ(0, memcmp(core->ehdr->e_ident, ELFMAG, SELFMAG));
	ASSERT_EQ(ET_CORE, core->ehdr->e_type);
	ASSERT_EQ(TEST_MACHINE, core->ehdr->e_machine);
	ASSERT_LE(core->ehdr->e_phoff +
		  core->ehdr->e_phnum * sizeof(Elf_Phdr), core->size);
	ASSERT_EQ(PT_NOTE, core->phdrs[0].p_type);
	unlink(CORE);
}

/* The @index-th note of a core; NULL past the last. */
static const Elf_Nhdr *core_note(const struct core *core, int index)
{
	const Elf_Phdr *notes = &core->phdrs[0];
	const unsigned char *p = core->bytes + notes->p_offset;
	const unsigned char *end = p + notes->p_filesz;

	for (; p < end; index--) {
		const Elf_Nhdr *note = (const void *)p;

		if (!index)
			return note;
		p += sizeof(*note) + ((note->n_namesz + 3) & ~3) +
		     ((note->n_descsz + 3) & ~3);
	}
	return NULL;
}

static const void *note_data(const Elf_Nhdr *note)
{
	return (const char *)(note + 1) + ((note->n_namesz + 3) & ~3);
}

static const Elf_Nhdr *find_note(const struct core *core, unsigned int type)
{
	const Elf_Nhdr *note;
	int i;

	for (i = 0; (note = core_note(core, i)); i++)
		if (note->n_type == type)
			return note;
	return NULL;
}

/* The PT_LOAD of the page at @addr; NULL if there is none. */
static const Elf_Phdr *core_load(const struct core *core, unsigned long addr)
{
	int i;

	for (i = 0; i < core->ehdr->e_phnum; i++)
		if (core->phdrs[i].p_type == PT_LOAD &&
		    core->phdrs[i].p_vaddr <= addr &&
		    addr < core->phdrs[i].p_vaddr + core->phdrs[i].p_memsz)
			return &core->phdrs[i];
	return NULL;
}

/* ---- the tests ---- */

static char *const crash_argv[] = { CHILD, CHILD_PREFIX "crash", NULL };

static unsigned long core_limit = RLIM_INFINITY;
static const char *core_filter;

static void prepare(void)
{
	struct rlimit limit = { core_limit, RLIM_INFINITY };

	if (setrlimit(RLIMIT_CORE, &limit) || chdir(DIR_))
		die("setrlimit, chdir");
	if (core_filter)
		write_text("/proc/self/coredump_filter", core_filter);
}

FIXTURE(core) {
	struct run r;
	char pattern[PATH_SIZE];
	char uses_pid[8];
};

FIXTURE_SETUP(core)
{
	self->r.argv = crash_argv;
	self->r.setup = prepare;
	fresh_dir(DIR_);
	read_text(PATTERN, self->pattern, sizeof(self->pattern));
	read_text(USES_PID, self->uses_pid, sizeof(self->uses_pid));
	write_text(PATTERN, CORE);
	write_text(USES_PID, "0");
	write_self(CHILD);
}

FIXTURE_TEARDOWN(core)
{
	write_text(PATTERN, self->pattern);
	write_text(USES_PID, self->uses_pid);
	remove_dir(DIR_);
}

/* Crashes the child under one loader; its report is in seen[ours]. */
static void crash(struct __test_metadata *_metadata, bool ours, struct run *r)
{
	long loaded = counter("loaded");

	r->output = seen[ours];
	r->output_size = sizeof(seen[ours]);
	run_under(ours, CHILD, r);
	ASSERT_EQ(0, r->err);
	ASSERT_TRUE(WIFSIGNALED(r->status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(r->status));
	EXPECT_EQ(ours, counter("loaded") - loaded);
}

static void crash_both(struct __test_metadata *_metadata, struct run *r)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		crash(_metadata, ours, r);
		EXPECT_TRUE(WCOREDUMP(r->status));
		read_core(_metadata, &cores[ours]);
	}
}

/*
 * Where the memory begins, behind the notes: these are longer by the SVE
 * registers of arm64 if the last system call of the program was not
 * interrupted, which is chance.
 */
static size_t memory_at(const struct core *core)
{
	return core->phdrs[1].p_offset;
}

/* Both cores hold the same pieces of memory, as much of each. */
static void expect_same_loads(struct __test_metadata *_metadata)
{
	int i;

	ASSERT_EQ(cores[0].ehdr->e_phnum, cores[1].ehdr->e_phnum);
	EXPECT_LT(5, cores[1].ehdr->e_phnum);
	for (i = 1; i < cores[0].ehdr->e_phnum; i++) {
		const Elf_Phdr *a = &cores[0].phdrs[i];
		const Elf_Phdr *b = &cores[1].phdrs[i];
		Elf_Phdr there = *b;

		there.p_offset += memory_at(&cores[0]) - memory_at(&cores[1]);
		EXPECT_EQ(0, memcmp(a, &there, sizeof(*a))) {
			TH_LOG("header %d: %lx+%lx, %lx of it, flags %x; untagged %lx+%lx, %lx, %x",
			       i, HEX(b->p_vaddr), HEX(b->p_memsz),
			       HEX(b->p_filesz), b->p_flags, HEX(a->p_vaddr),
			       HEX(a->p_memsz), HEX(a->p_filesz), a->p_flags);
		}
	}
}

TEST_F(core, holds_the_memory_that_it_holds_untagged)
{
	crash_both(_metadata, &self->r);
	EXPECT_EQ(cores[0].size - memory_at(&cores[0]),
		  cores[1].size - memory_at(&cores[1]));
	EXPECT_EQ(0, memcmp(cores[0].ehdr, cores[1].ehdr, sizeof(Elf_Ehdr)));
	expect_same_loads(_metadata);
}

TEST_F(core, has_the_registers_of_the_crash)
{
	const Elf_Nhdr *note[2];
	struct elf_prstatus status[2];
	struct test_regs regs;
	extern const char dies_here[];
	int ours;

	crash_both(_metadata, &self->r);
	for (ours = 0; ours < 2; ours++) {
		note[ours] = find_note(&cores[ours], NT_PRSTATUS);
		ASSERT_NE(NULL, note[ours]);
		ASSERT_EQ(sizeof(status[ours]), note[ours]->n_descsz);
		memcpy(&status[ours], note_data(note[ours]),
		       sizeof(status[ours]));
	}
	EXPECT_EQ(SIGSEGV, status[1].pr_cursig);
	EXPECT_EQ(0, memcmp(status[0].pr_reg, status[1].pr_reg,
			    sizeof(status[0].pr_reg)));
	memcpy(&regs, status[1].pr_reg, sizeof(regs));
	EXPECT_EQ(0x5eedULL, regs.r[TEST_CRASH_REG]);
	/* The program is fixed: it dies where it stands in this one too. */
	EXPECT_LT((unsigned long)dies_here, regs.r[TEST_PC]);
	EXPECT_GT((unsigned long)dies_here + 16, regs.r[TEST_PC]);
	EXPECT_LE(number_of(seen[1], "dies"), regs.r[TEST_PC]);
}

TEST_F(core, has_the_auxiliary_vector_that_the_program_had)
{
	char *text, *end;
	const Elf_Nhdr *note[2];
	const unsigned char *data;
	size_t i;
	int ours;

	crash_both(_metadata, &self->r);
	for (ours = 0; ours < 2; ours++) {
		note[ours] = find_note(&cores[ours], NT_AUXV);
		ASSERT_NE(NULL, note[ours]);
	}
	text = strstr(seen[1], "vector ");
	ASSERT_NE(NULL, text);
	text += strlen("vector ");
	end = strchr(text, '\n');
	ASSERT_NE(NULL, end);
	data = note_data(note[1]);
	ASSERT_LT(16 * 2 * sizeof(long), note[1]->n_descsz);
	ASSERT_LE(note[1]->n_descsz * 2UL, (unsigned long)(end - text));
	for (i = 0; i < note[1]->n_descsz; i++) {
		char hex[3] = { text[2 * i], text[2 * i + 1] };

		ASSERT_EQ(strtoul(hex, NULL, 16), data[i]);
	}
	/* With randomisation off even the address of AT_RANDOM is the same. */
	ASSERT_EQ(note[0]->n_descsz, note[1]->n_descsz);
	EXPECT_EQ(0, memcmp(note_data(note[0]), data, note[1]->n_descsz));
}

TEST_F(core, has_the_notes_that_it_has_untagged)
{
	const Elf_Nhdr *a, *b;
	int i;

	crash_both(_metadata, &self->r);
	for (i = 0; (a = core_note(&cores[0], i)); i++) {
		b = core_note(&cores[1], i);
		ASSERT_NE(NULL, b);
		EXPECT_EQ(a->n_type, b->n_type);
		if (a->n_type != 0x405 /* NT_ARM_SVE */)
			EXPECT_EQ(a->n_descsz, b->n_descsz);
		/* These hold no process number and no time. */
		if (a->n_type == NT_FILE || a->n_type == NT_FPREGSET ||
		    a->n_type == NT_SIGINFO) {
			EXPECT_EQ(0, memcmp(note_data(a), note_data(b),
					    a->n_descsz)) {
				TH_LOG("note %x", a->n_type);
			}
		}
		if (a->n_type == NT_PRPSINFO) {
			const struct elf_prpsinfo *info = note_data(b);

			EXPECT_STREQ("child", info->pr_fname);
			EXPECT_EQ(0, memcmp(CHILD " --child-crash",
					    info->pr_psargs,
					    strlen(CHILD " --child-crash")));
		}
	}
	EXPECT_EQ(NULL, core_note(&cores[1], i));
	EXPECT_LE(5, i);
	EXPECT_NE(NULL, find_note(&cores[1], NT_FILE));
	EXPECT_NE(NULL, find_note(&cores[1], NT_PRPSINFO));
}

/* Bytes of memory in a core. */
static unsigned long held(const struct core *core)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < core->ehdr->e_phnum; i++)
		if (core->phdrs[i].p_type == PT_LOAD)
			sum += core->phdrs[i].p_filesz;
	return sum;
}

TEST_F(core, coredump_filter_is_respected)
{
	static const char *const filters[] = { "0x0", "0x33", "0xff" };
	unsigned long sum[ARRAY_SIZE(filters)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		core_filter = filters[i];
		crash_both(_metadata, &self->r);
		expect_same_loads(_metadata);
		sum[i] = held(&cores[1]);
	}
	core_filter = NULL;
	EXPECT_LT(sum[0], sum[1]);
	EXPECT_LT(sum[1], sum[2]);
}

/* Where this program, which is fixed, has its ELF header. */
extern const char __ehdr_start[];
#define HEADER	((unsigned long)__ehdr_start)

static unsigned long header_bytes(const struct core *core)
{
	const Elf_Phdr *load = core_load(core, HEADER);

	return load ? load->p_filesz : ~0UL;
}

TEST_F(core, the_plain_forms_core_holds_the_header_page)
{
	const Elf_Phdr *load;

	crash_both(_metadata, &self->r);
	ASSERT_EQ(4096UL, header_bytes(&cores[0]));
	ASSERT_EQ(4096UL, header_bytes(&cores[1]));
	load = core_load(&cores[1], HEADER);
	ASSERT_LE(load->p_offset + 4096, cores[1].size);
	EXPECT_EQ(0, memcmp(cores[1].bytes + load->p_offset, ELFMAG, SELFMAG));
	EXPECT_EQ(0, memcmp(cores[1].bytes + load->p_offset + XELF_TAG_OFFSET,
			    XELF_TAG_MAGIC, XELF_TAG_MAGIC_SIZE));
}

/* The magic becomes the exclusive form's, and the tag fits again. */
static void make_exclusive(const char *path)
{
	unsigned char first[XELF_CHECKED_SIZE];
	int fd = open(path, O_RDWR);

	if (fd < 0 || pread(fd, first, sizeof(first), 0) != sizeof(first))
		die("%s: cannot read", path);
	memcpy(first, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
	tag_bytes(first);
	if (pwrite(fd, first, sizeof(first), 0) != sizeof(first) || close(fd))
		die("%s: cannot write", path);
}

TEST_F(core, the_exclusive_form_leaves_as_much_of_a_core)
{
	int i;

	crash(_metadata, true, &self->r);
	read_core(_metadata, &cores[0]);
	make_exclusive(CHILD);
	crash(_metadata, true, &self->r);
	EXPECT_TRUE(WCOREDUMP(self->r.status));
	read_core(_metadata, &cores[1]);

	/*
	 * The header page too: the dumper goes by the file's execute bits, and
	 * looks for the ELF magic only in files without.
	 */
	EXPECT_EQ(4096UL, header_bytes(&cores[1]));
	ASSERT_EQ(cores[0].ehdr->e_phnum, cores[1].ehdr->e_phnum);
	for (i = 0; i < cores[0].ehdr->e_phnum; i++) {
		const Elf_Phdr *a = &cores[0].phdrs[i];
		const Elf_Phdr *b = &cores[1].phdrs[i];

		EXPECT_EQ(a->p_vaddr, b->p_vaddr);
		EXPECT_EQ(a->p_memsz, b->p_memsz);
		EXPECT_EQ(a->p_filesz, b->p_filesz);
		EXPECT_EQ(a->p_flags, b->p_flags);
	}

	/* The kernel's loader does not know it. */
	run_under(false, CHILD, &self->r);
	EXPECT_EQ(ENOEXEC, self->r.err);
}

TEST_F(core, without_a_limit_above_0_there_is_none)
{
	int ours;

	core_limit = 0;
	for (ours = 0; ours < 2; ours++) {
		crash(_metadata, ours, &self->r);
		EXPECT_FALSE(WCOREDUMP(self->r.status));
		EXPECT_EQ(-1, access(CORE, F_OK));
	}
	core_limit = RLIM_INFINITY;
	crash(_metadata, true, &self->r);
	EXPECT_TRUE(WCOREDUMP(self->r.status));
	EXPECT_EQ(0, access(CORE, F_OK));
}

TEST_F(core, a_limit_below_a_page_is_too_little_for_any)
{
	int ours;

	core_limit = 4095;
	for (ours = 0; ours < 2; ours++) {
		crash(_metadata, ours, &self->r);
		EXPECT_FALSE(WCOREDUMP(self->r.status));
		EXPECT_EQ(-1, access(CORE, F_OK));
	}
	core_limit = RLIM_INFINITY;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], CHILD_PREFIX "crash"))
		return child_crash();
	return test_harness_run(argc, argv);
}
