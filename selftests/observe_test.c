// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others record of a program: uprobes, perf, checkpointers and the whole
 * of its core.
 */
#include "both.h"

#include <elf.h>
#include <linux/perf_event.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define DIR_	"/tmp/observe_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */
#define CORE	DIR_ "core"
#define TRACEFS	"/sys/kernel/tracing/"

/* ---- in the program under test ---- */

static void set_mm(const char *name, int what, unsigned long value,
		   unsigned long size)
{
	errno = 0;
	prctl(PR_SET_MM, what, value, size, 0);
	printf("%s %x\n", name, errno);
}

/* Does as a checkpointer's restorer does, with the values that are there. */
static int child_set_mm(void)
{
	static unsigned long auxv[128];
	unsigned long field[64] = {}, size;
	struct prctl_mm_map map = { .exe_fd = -1 };
	static char stat[4096];
	const char *p;
	int i = 2;

	read_text("/proc/self/stat", stat, sizeof(stat));
	for (p = strrchr(stat, ')'); (p = strchr(p, ' ')); p++)
		field[++i] = strtoul(p, NULL, 10);
	size = read_file("/proc/self/auxv", auxv, sizeof(auxv));
	map.start_code = field[26];
	map.end_code = field[27];
	map.start_stack = field[28];
	map.start_data = field[45];
	map.end_data = field[46];
	map.start_brk = field[47];
	map.brk = (unsigned long)sbrk(0);
	map.arg_start = field[48];
	map.arg_end = field[49];
	map.env_start = field[50];
	map.env_end = field[51];
	map.auxv = (void *)auxv;
	map.auxv_size = size;
	set_mm("map", PR_SET_MM_MAP, (unsigned long)&map, sizeof(map));
	set_mm("start-code", PR_SET_MM_START_CODE, map.start_code, 0);
	set_mm("end-code", PR_SET_MM_END_CODE, map.end_code - 1, 0);
	set_mm("start-data", PR_SET_MM_START_DATA, map.start_data, 0);
	set_mm("end-data", PR_SET_MM_END_DATA, map.end_data, 0);
	set_mm("start-stack", PR_SET_MM_START_STACK, map.start_stack, 0);
	set_mm("start-brk", PR_SET_MM_START_BRK, map.start_brk, 0);
	set_mm("brk", PR_SET_MM_BRK, map.brk, 0);
	set_mm("arg-start", PR_SET_MM_ARG_START, map.arg_start, 0);
	set_mm("env-end", PR_SET_MM_ENV_END, map.env_end, 0);
	set_mm("auxv", PR_SET_MM_AUXV, (unsigned long)auxv, size);
	/* Busy as long as the file is mapped. */
	set_mm("exe", PR_SET_MM_EXE_FILE, open(CHILD, O_RDONLY), 0);
	printf("end\n");
	return 0;
}

/* ---- the tests ---- */

FIXTURE(observe) {
	struct run r[2];
	struct run how;
};

FIXTURE_SETUP(observe)
{
	write_all(DIR_, PROGRAM, INTERP, CHILD);
}

FIXTURE_TEARDOWN(observe)
{
	remove_dir(DIR_);
}

/* ---- uprobes, perf, checkpointing ---- */

/* How often the probe was hit; -1 if it is not there. */
static long uprobe_hits(void)
{
	char text[8192], *at;

	read_text(TRACEFS "uprobe_profile", text, sizeof(text));
	at = strstr(text, "xelf_entry");
	return at ? atol(at + strlen("xelf_entry")) : -1;
}

static void tell_tracefs(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: cannot write %s", file, text);
	close(fd);
}

TEST_F(observe, a_uprobe_in_it_is_hit)
{
	char text[128];
	int ours;

	write_program(PROGRAM, ET_DYN, NULL);
	if (access(TRACEFS "uprobe_events", F_OK))
		SKIP(return, "this kernel has no uprobe_events");
	snprintf(text, sizeof(text), "p:xelf/xelf_entry %s:%#x", PROGRAM,
		 IMAGE_CODE);
	tell_tracefs(TRACEFS "uprobe_events", text);
	tell_tracefs(TRACEFS "events/xelf/xelf_entry/enable", "1");
	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded"), hits = uprobe_hits();
		struct run r = {
			.output = seen[ours],
			.output_size = sizeof(seen[ours]),
		};

		EXPECT_LE(0, hits);
		run_under(ours, PROGRAM, &r);
		EXPECT_EQ(PROBE_STATUS << 8, r.status);
		EXPECT_EQ(1, uprobe_hits() - hits);
		EXPECT_EQ(ours, counter("loaded") - loaded);
	}
	tell_tracefs(TRACEFS "events/xelf/xelf_entry/enable", "0");
	tell_tracefs(TRACEFS "uprobe_events", "-:xelf/xelf_entry");
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_NE(NULL, strstr(seen[1], "[uprobes]"));
}

#define RING_PAGES	16

struct mmap_record {
	struct perf_event_header header;
	__u32 pid, tid;
	__u64 addr, len, pgoff;
	__u32 maj, min;
	__u64 ino, ino_generation;
	__u32 prot, flags;
	char name[];
};

struct comm_record {
	struct perf_event_header header;
	__u32 pid, tid;
	char comm[];
};

/* Writes the records of a ring as text, without process numbers. */
static void print_records(const struct perf_event_mmap_page *ring, FILE *to)
{
	const char *data = (const char *)ring + 4096;
	__u64 at = 0;

	/* It did not go round: records lie one after the other. */
	while (at < ring->data_head && ring->data_head < RING_PAGES * 4096) {
		const struct perf_event_header *header = (void *)(data + at);
		const struct mmap_record *map = (void *)header;
		const struct comm_record *comm = (void *)header;

		if (header->type == PERF_RECORD_MMAP2)
			fprintf(to, "mmap %x %llx+%llx at %llx of %x:%x %llu/%llu %x %x %s\n",
				header->misc, map->addr, map->len, map->pgoff,
				map->maj, map->min, map->ino,
				map->ino_generation, map->prot, map->flags,
				map->name);
		else if (header->type == PERF_RECORD_COMM)
			fprintf(to, "comm %x %s\n", header->misc, comm->comm);
		else
			fprintf(to, "record %u %x\n", header->type,
				header->misc);
		at += header->size;
	}
}

TEST_F(observe, perf_records_what_it_records_untagged)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
		.enable_on_exec = 1,
		.mmap = 1,
		.mmap2 = 1,
		.mmap_data = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
	};
	int ours, fd, status;

	self->how.stopped = true;
	for (ours = 0; ours < 2; ours++) {
		FILE *to = fmemopen(seen[ours], sizeof(seen[ours]), "w");
		pid_t pid = start_stopped(PROGRAM, &self->how, "/dev/null");
		long loaded = counter("loaded");
		void *ring;

		fd = syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0);
		ASSERT_LE(0, fd);
		ring = mmap(NULL, (RING_PAGES + 1) * 4096,
			    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		ASSERT_NE(MAP_FAILED, ring);
		set_enabled(ours);
		kill(pid, SIGCONT);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		set_enabled(true);
		EXPECT_EQ(PROBE_STATUS << 8, status);
		EXPECT_EQ(ours, counter("loaded") - loaded);
		print_records(ring, to);
		fclose(to);
		munmap(ring, (RING_PAGES + 1) * 4096);
		close(fd);
	}
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_NE(NULL, strstr(seen[1], "comm 2000 program\n"));
	EXPECT_NE(NULL, strstr(seen[1], " " PROGRAM "\n"));
	EXPECT_NE(NULL, strstr(seen[1], " " INTERP "\n"));
	EXPECT_NE(NULL, strstr(seen[1], " [vdso]\n"));
}

TEST_F(observe, PR_SET_MM_takes_back_what_it_was_given)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "set-mm", NULL };

	self->how.argv = argv;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_EQ(0UL, number_of(seen[1], "map"));
	EXPECT_EQ(0UL, number_of(seen[1], "start-brk"));
	EXPECT_EQ(0UL, number_of(seen[1], "auxv"));
	EXPECT_EQ((unsigned long)EBUSY, number_of(seen[1], "exe"));
	EXPECT_NE(NULL, strstr(seen[1], "end\n"));
}

/* ---- cores, byte by byte ---- */

#define PATTERN		"/proc/sys/kernel/core_pattern"
#define USES_PID	"/proc/sys/kernel/core_uses_pid"

FIXTURE(core) {
	struct run r;
	char pattern[128];
	char uses_pid[8];
};

PROGRAM_KINDS(core);
FIXTURE_VARIANT_ADD(core, fixed_with_interpreter) { ET_EXEC, true };

/* A program that dies of its first instruction; so its memory is the loader's. */
static void write_crash(const char *path, int type, const char *interp,
			bool tagged)
{
	static const unsigned char code[] = { TEST_DIES };

	image_init(&image, type);
	if (interp)
		image_interp(&image, interp);
	memcpy(image.bytes + IMAGE_CODE, code, sizeof(code));
	image_write(&image, path, tagged);
}

/* All of memory is wanted. */
static void want_core(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_CORE, &limit) || chdir(DIR_))
		die("setrlimit, chdir");
	write_text("/proc/self/coredump_filter", "0xff");
}

FIXTURE_SETUP(core)
{
	self->r.setup = want_core;
	fresh_dir(DIR_);
	read_text(PATTERN, self->pattern, sizeof(self->pattern));
	read_text(USES_PID, self->uses_pid, sizeof(self->uses_pid));
	write_text(PATTERN, CORE);
	write_text(USES_PID, "0");
	write_crash(INTERP, ET_DYN, NULL, false);
	write_crash(PROGRAM, variant->type, variant->interp ? INTERP : NULL,
		    true);
}

FIXTURE_TEARDOWN(core)
{
	write_text(PATTERN, self->pattern);
	write_text(USES_PID, self->uses_pid);
	remove_dir(DIR_);
}

/* Zeroes @size bytes of memory at @addr, in the core at @bytes. */
static bool mask_memory(unsigned char *bytes, unsigned long addr, size_t size)
{
	const Elf_Ehdr *ehdr = (void *)bytes;
	const Elf_Phdr *load = (void *)(bytes + ehdr->e_phoff);
	int i;

	for (i = 0; i < ehdr->e_phnum; i++, load++) {
		if (load->p_type != PT_LOAD || addr < load->p_vaddr ||
		    addr + size > load->p_vaddr + load->p_filesz)
			continue;
		memset(bytes + load->p_offset + (addr - load->p_vaddr), 0, size);
		return true;
	}
	return false;
}

/*
 * Zeroes the pages of the clocks, which lie below the vDSO at @edge: newer
 * kernels dump what they hold.
 */
static void mask_clocks(unsigned char *bytes, unsigned long edge)
{
	const Elf_Ehdr *ehdr = (void *)bytes;
	const Elf_Phdr *load = (void *)(bytes + ehdr->e_phoff);
	int i;

	/* Segments are in the order of their addresses. */
	for (i = ehdr->e_phnum - 1; i >= 0; i--) {
		if (load[i].p_type != PT_LOAD || load[i].p_flags != PF_R ||
		    load[i].p_vaddr + load[i].p_memsz != edge)
			continue;
		memset(bytes + load[i].p_offset, 0, load[i].p_filesz);
		edge = load[i].p_vaddr;
	}
}

/* Zeroes what is another for each process. Returns how many notes had any. */
static int mask_core(unsigned char *bytes)
{
	const Elf_Ehdr *ehdr = (void *)bytes;
	const Elf_Phdr *notes = (void *)(bytes + ehdr->e_phoff);
	unsigned char *p = bytes + notes->p_offset;
	unsigned char *end = p + notes->p_filesz;
	int masked = 0;

	while (p < end) {
		Elf_Nhdr *note = (void *)p;
		void *data = p + sizeof(*note) + ((note->n_namesz + 3) & ~3);
		struct elf_prstatus *status = data;
		struct elf_prpsinfo *info = data;
		unsigned long *auxv = data;

		p = (unsigned char *)data + ((note->n_descsz + 3) & ~3);
		switch (note->n_type) {
		case NT_PRSTATUS:
			memset(&status->pr_pid, 0,
			       (char *)status->pr_reg - (char *)&status->pr_pid);
			masked++;
			break;
		case NT_PRPSINFO:
			memset(&info->pr_pid, 0,
			       info->pr_fname - (char *)&info->pr_pid);
			masked++;
			break;
		case 0x407: /* NT_ARM_PACA_KEYS */
		case 0x408: /* NT_ARM_PACG_KEYS */
			/* exec makes new keys for the signing of pointers. */
			memset(data, 0, note->n_descsz);
			break;
		case NT_AUXV:
			for (; *auxv; auxv += 2) {
				if (*auxv == AT_RANDOM)
					masked += mask_memory(bytes, auxv[1], 16);
				if (*auxv == AT_SYSINFO_EHDR)
					mask_clocks(bytes, auxv[1]);
			}
			break;
		}
	}
	return masked;
}

static unsigned char *crash(struct __test_metadata *_metadata, bool ours,
			    struct run *r, size_t *size)
{
	long loaded = counter("loaded");
	unsigned char *bytes;
	struct stat st;

	run_under(ours, PROGRAM, r);
	EXPECT_EQ(ours, counter("loaded") - loaded);
	EXPECT_EQ(0, r->err);
	EXPECT_EQ(SIGSEGV | 0x80, r->status);
	if (stat(CORE, &st))
		die("%s", CORE);
	bytes = calloc(1, st.st_size + 1);
	*size = read_file(CORE, bytes, st.st_size);
	unlink(CORE);
	return bytes;
}

TEST_F(core, is_the_same_byte_by_byte_but_for_ids_times_and_random_bytes)
{
	unsigned char *core[2];
	size_t size[2], at;
	int ours, wrong = 0;

	for (ours = 0; ours < 2; ours++) {
		core[ours] = crash(_metadata, ours, &self->r, &size[ours]);
		EXPECT_EQ(3, mask_core(core[ours]));
	}
	EXPECT_LT(100000UL, size[1]);
	ASSERT_EQ(size[0], size[1]);
	for (at = 0; at < size[0] && wrong < 10; at += 8) {
		size_t n = size[0] - at < 8 ? size[0] - at : 8;
		bool same = !memcmp(core[0] + at, core[1] + at, n);

		EXPECT_TRUE(same) {
			TH_LOG("at %#zx of %#zx bytes", at, size[0]);
		}
		wrong += !same;
	}
	/* The tag is part of it: what was dumped is the file's first page. */
	EXPECT_NE(NULL, memmem(core[1], size[1], XELF_TAG_MAGIC,
			       XELF_TAG_MAGIC_SIZE));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], CHILD_PREFIX "set-mm"))
		return child_set_mm();
	return test_harness_run(argc, argv);
}
