// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads of a program and its interpreter that fail, from a file system (FUSE)
 * of this test's own: with an error, or short, as if the file had been cut.
 *
 * By place, a page of a file that cannot be read, both loaders must give the
 * same; by number, from one read on, each way out is taken. (A read that fails
 * once is tried again by the kernel.) Nothing may be held afterwards.
 */
#define FUSE_USE_VERSION 31
#include "faults.h"

#include <fuse3/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define DIR_	"/tmp/read_fault_test/"
#define STORE	DIR_ "store/"		/* what is served */
#define MOUNT	DIR_ "mnt/"		/* from here */
#define PROGRAM	"program"
#define INTERP	"interp"

#define PAGE	4096UL
#define PAGES	(IMAGE_SIZE / PAGE)
#define CUT	256UL	/* of a page that comes short: the tagged bytes, not all headers */
#define MAX_READS	500

#define NO_FUSE	"this kernel has no FUSE"

/* ---- the file system, a process of its own ---- */

enum { FILE_PROGRAM, FILE_INTERP, FILES };

static const char *const names[FILES] = { PROGRAM, INTERP };
static const char *const served[FILES] = { MOUNT PROGRAM, MOUNT INTERP };

/* Shared with the test: what is to fail, and what was asked for. */
static struct control {
	int file;		/* that has the page that fails; -1: none */
	unsigned long page;
	unsigned long number;	/* of the first read that fails; 0: none */
	bool cut;		/* does it come short, in place of an error? */
	volatile unsigned long slow;	/* the number of a read that waits */

	unsigned long reads;	/* since reset() */
	unsigned long failed;
	unsigned long at[FILES][PAGES];	/* reads of each page */
} *control;

static int file_of(const char *path)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (*path == '/' && !strcmp(path + 1, names[i]))
			return i;
	return -1;
}

static void stored(const char *path, char *to, size_t size)
{
	snprintf(to, size, STORE "%s", path + 1);
}

static int serve_getattr(const char *path, struct stat *st,
			 struct fuse_file_info *info)
{
	char name[64];

	if (!strcmp(path, "/")) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		return 0;
	}
	stored(path, name, sizeof(name));
	return stat(name, st) ? -errno : 0;
}

static int serve_open(const char *path, struct fuse_file_info *info)
{
	/* Nothing is kept in the page cache from one open to the next. */
	return file_of(path) < 0 ? -ENOENT : 0;
}

static int serve_read(const char *path, char *to, size_t size, off_t offset,
		      struct fuse_file_info *info)
{
	unsigned long page = offset / PAGE;
	int file = file_of(path), fd;
	char name[64];
	ssize_t got;

	if (file < 0 || page >= PAGES)
		return -EIO;
	control->at[file][page]++;
	control->reads++;
	/* Until it is told that who asked was killed. */
	while (control->reads == control->slow)
		usleep(1000);
	if ((control->number && control->reads >= control->number) ||
	    (control->file == file && control->page == page)) {
		control->failed++;
		if (!control->cut)
			return -EIO;
		size = CUT;
	}
	stored(path, name, sizeof(name));
	fd = open(name, O_RDONLY);
	if (fd < 0)
		return -errno;
	got = pread(fd, to, size, offset);
	close(fd);
	return got < 0 ? -EIO : got;
}

/* One page in each read, so that the place of each is known. */
static void *serve_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	conn->max_readahead = 0;
	config->attr_timeout = 0;
	config->entry_timeout = 0;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = serve_init,
	.getattr = serve_getattr,
	.open = serve_open,
	.read = serve_read,
};

/* Says on @ready that it is mounted. */
static int serve(int ready)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse *fuse;

	if (fuse_opt_add_arg(&args, "fuse"))
		return 1;

	fuse = fuse_new(&args, &operations, sizeof(operations), NULL);
	if (!fuse || fuse_mount(fuse, MOUNT) || write(ready, "", 1) != 1)
		return 1;
	close(ready);
	return fuse_loop(fuse);
}

/* ---- the tests ---- */

FIXTURE(read_fault) {
	struct run r[2];
	struct run how;
	pid_t server;
	bool mounted;
};

FIXTURE_VARIANT(read_fault) {
	int type;
	bool interp;
	bool far;	/* the program headers are far from the beginning */
	bool cut;
};

#define READ_VARIANT(name, type, interp, far, cut)			\
	FIXTURE_VARIANT_ADD(read_fault, name) { type, interp, far, cut }

READ_VARIANT(static_pie, ET_DYN, false, false, false);
READ_VARIANT(static_pie_cut, ET_DYN, false, false, true);
READ_VARIANT(dynamic, ET_DYN, true, false, false);
READ_VARIANT(dynamic_cut, ET_DYN, true, false, true);
READ_VARIANT(far_headers, ET_EXEC, true, true, false);
READ_VARIANT(far_headers_cut, ET_EXEC, true, true, true);

/* Nothing fails, and nothing has been read. */
static void reset(void)
{
	memset(control, 0, sizeof(*control));
	control->file = -1;
}

/* Not to be had in every kernel; then nothing is mounted. */
static bool mount_server(pid_t *server)
{
	int ready[2];
	char byte;
	bool mounted;

	if (pipe(ready))
		die("pipe");
	fflush(stdout);
	*server = fork();
	if (*server < 0)
		die("fork");
	if (!*server) {
		close(ready[0]);
		_exit(serve(ready[1]));
	}
	close(ready[1]);
	mounted = read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	return mounted;
}

static void begin(bool *mounted, pid_t *server)
{
	control = share_memory(sizeof(*control));
	reset();
	fresh_dir(DIR_);
	fresh_dir(STORE);
	fresh_dir(MOUNT);
	if (!command("modprobe -q fuse"))
		ksft_print_msg("modprobe fuse failed; perhaps it is built in\n");
	*mounted = mount_server(server);
}

/* Only when nobody holds a file of it any more. */
static bool can_be_unmounted(void)
{
	return !umount(MOUNT);
}

static void end(struct __test_metadata *_metadata, bool mounted, pid_t server)
{
	int status;

	if (mounted) {
		EXPECT_TRUE(soon(can_be_unmounted));
		EXPECT_TRUE(soon(module_is_unused));
		umount2(MOUNT, MNT_DETACH);
	}
	kill(server, SIGKILL);
	waitpid(server, &status, 0);
	set_enabled(true);
	remove_dir(STORE);
	remove_dir(MOUNT);
	remove_dir(DIR_);
}

FIXTURE_SETUP(read_fault)
{
	begin(&self->mounted, &self->server);
	write_far_image(STORE INTERP, ET_DYN, NULL, variant->far, false);
	write_far_image(STORE PROGRAM, variant->type,
			variant->interp ? MOUNT INTERP : NULL, variant->far,
			true);
}

FIXTURE_TEARDOWN(read_fault)
{
	end(_metadata, self->mounted, self->server);
}

static const char *outcome(const struct run *r)
{
	static char text[64];

	if (r->err)
		return strerror(r->err);
	if (WIFSIGNALED(r->status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(r->status));
	else
		snprintf(text, sizeof(text), "status %d",
			 WEXITSTATUS(r->status));
	return text;
}

/* An exec with what @control says; counted anew. Its files can be written again. */
static void run_with(struct __test_metadata *_metadata, bool ours, struct run *r)
{
	int file;

	control->reads = 0;
	control->failed = 0;
	memset(control->at, 0, sizeof(control->at));
	run_under(ours, MOUNT PROGRAM, r);
	for (file = 0; file < FILES; file++) {
		EXPECT_NE(ETXTBSY, try_open(served[file], O_WRONLY)) {
			TH_LOG("%s cannot be written", names[file]);
		}
	}
}

TEST_F(read_fault, a_page_that_cannot_be_read_has_both_loaders_end_alike)
{
	unsigned int errnos = 0, killed = 0, ran = 0, page;
	int file, ours;

	if (!self->mounted)
		SKIP(return, NO_FUSE);
	for (file = 0; file < FILES; file++) {
		for (page = 0; page < PAGES; page++) {
			unsigned long failed = 0;

			for (ours = 0; ours < 2; ours++) {
				reset();
				control->file = file;
				control->page = page;
				control->cut = variant->cut;
				self->r[ours] = self->how;
				run_with(_metadata, ours, &self->r[ours]);
				failed += control->failed;
			}
			EXPECT_TRUE(self->r[0].err == self->r[1].err &&
				    self->r[0].status == self->r[1].status) {
				TH_LOG("%s page %u:", names[file], page);
				TH_LOG("binfmt_elf %s", outcome(&self->r[0]));
				TH_LOG("binfmt_xelf %s", outcome(&self->r[1]));
			}
			errnos += failed && self->r[1].err;
			killed += failed && WIFSIGNALED(self->r[1].status);
			ran += failed && !self->r[1].err &&
			       !WIFSIGNALED(self->r[1].status);
		}
	}
	ksft_print_msg("pages that could not be read: %u errno, %u killed, %u ran\n",
		       errnos, killed, ran);
	fflush(stdout);
	EXPECT_LT(0, errnos);
	EXPECT_LT(0, killed);
}

TEST_F(read_fault, reads_that_fail_from_one_on_give_an_errno_or_kill)
{
	unsigned int errnos = 0, killed = 0, ran = 0;
	unsigned long n;

	if (!self->mounted)
		SKIP(return, NO_FUSE);
	for (n = 1; n < MAX_READS; n++) {
		struct run *r = &self->r[1];

		reset();
		control->number = n;
		control->cut = variant->cut;
		*r = self->how;
		run_with(_metadata, true, r);
		if (!control->failed)
			break;
		if (r->err) {
			errnos++;
		} else if (WIFSIGNALED(r->status)) {
			killed++;
			EXPECT_TRUE(WTERMSIG(r->status) == SIGBUS ||
				    WTERMSIG(r->status) == SIGSEGV ||
				    WTERMSIG(r->status) == SIGKILL) {
				TH_LOG("read %lu: %s", n, outcome(r));
			}
		} else {
			/* With all that it needs, or not at all. */
			ran++;
			EXPECT_EQ(PROBE_STATUS << 8, r->status) {
				TH_LOG("read %lu: %s", n, outcome(r));
			}
		}
		EXPECT_TRUE(r->err == EIO || r->err == ENOEXEC ||
			    r->err == ELIBBAD || !r->err) {
			TH_LOG("read %lu: %s", n, outcome(r));
		}
		EXPECT_TRUE(soon(module_is_unused)) {
			TH_LOG("read %lu: the module is in use", n);
		}
	}
	ksft_print_msg("reads that failed: %u errno, %u killed, %u ran\n", errnos,
		       killed, ran);
	fflush(stdout);
	/* The one in which none failed. */
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_LT(0, errnos);
	EXPECT_LT(0, killed);
}

/* ---- hints ---- */

/* Nobody but hints touches these pages of it. */
#define FIRST_PAGE	4	/* of four that may be written */
#define FAR_PAGE	8	/* in the file; its place has no page table yet */
#define FAR_ADDR	0x400000UL

FIXTURE(hints_fault) {
	struct hints_image hints;
	struct run r;
	pid_t server;
	bool mounted;
};

FIXTURE_SETUP(hints_fault)
{
	Elf64_Phdr *far;

	begin(&self->mounted, &self->server);
	image_init_short(ET_DYN);
	image.phdr[PH_DATA].p_filesz = 4 * PAGE;
	image.phdr[PH_DATA].p_memsz = 4 * PAGE;
	far = image_add(&image, PT_LOAD);
	*far = image.phdr[PH_DATA];
	far->p_offset = FAR_PAGE * PAGE;
	far->p_vaddr = FAR_ADDR;
	far->p_paddr = FAR_ADDR;
	image.size = FAR_PAGE * PAGE + far->p_filesz;
	image_write(&image, STORE PROGRAM, true);
}

FIXTURE_TEARDOWN(hints_fault)
{
	write_text(XELF_HINTS, "1");
	end(_metadata, self->mounted, self->server);
}

/* The page's read fails; yet the program runs, with its hints or without. */
static void run_hinted(struct __test_metadata *_metadata, struct run *r,
		       unsigned long page, bool hints)
{
	long loaded = counter("loaded"), used = counter("hints-used");

	write_text(XELF_HINTS, hints ? "1" : "0");
	reset();
	control->file = FILE_PROGRAM;
	control->page = page;
	memset(r, 0, sizeof(*r));
	run_with(_metadata, true, r);
	EXPECT_EQ(0, r->err);
	EXPECT_EQ(0, r->status);
	EXPECT_EQ(1, counter("loaded") - loaded);
	EXPECT_EQ(hints, counter("hints-used") - used);
}

/*
 * A read that waits drops the lock of the program's memory and is tried again;
 * the second time it says that it failed.
 */
TEST_F(hints_fault, a_page_to_be_written_that_cannot_be_read_is_left_alone)
{
	const unsigned long *at = control->at[FILE_PROGRAM];

	if (!self->mounted)
		SKIP(return, NO_FUSE);
	self->hints.runs[0] = (struct xelf_hint){
		FIRST_PAGE, 1, XELF_HINT_PROGRAM, XELF_HINT_WRITE
	};
	self->hints.runs[1] = (struct xelf_hint){
		FIRST_PAGE + 1, 2, XELF_HINT_PROGRAM, XELF_HINT_WRITE
	};
	append_hints(STORE PROGRAM, &self->hints, 2, NULL);
	run_hinted(_metadata, &self->r, FIRST_PAGE, false);
	EXPECT_EQ(0, at[FIRST_PAGE] + at[FIRST_PAGE + 1] + at[FIRST_PAGE + 2]);
	run_hinted(_metadata, &self->r, FIRST_PAGE, true);
	EXPECT_EQ(2, at[FIRST_PAGE]);
	EXPECT_EQ(2, control->failed);
	/* The run after it is still followed. */
	EXPECT_EQ(1, at[FIRST_PAGE + 1]);
	EXPECT_EQ(1, at[FIRST_PAGE + 2]);
}

/* The fault that is to make a page table fails, each time. */
TEST_F(hints_fault, a_page_table_that_cannot_be_made_is_given_up)
{
	const unsigned long *at = control->at[FILE_PROGRAM];

	if (!self->mounted)
		SKIP(return, NO_FUSE);
	self->hints.runs[0] = (struct xelf_hint){
		FAR_ADDR / PAGE, 4, XELF_HINT_PROGRAM, XELF_HINT_READ
	};
	append_hints(STORE PROGRAM, &self->hints, 1, NULL);
	run_hinted(_metadata, &self->r, FAR_PAGE, false);
	EXPECT_EQ(0, at[FAR_PAGE]);
	run_hinted(_metadata, &self->r, FAR_PAGE, true);
	EXPECT_LE(2, at[FAR_PAGE]);
	EXPECT_GE(2 * XELF_HINTS_TABLES, at[FAR_PAGE]);
}

TEST_F(hints_fault, a_trailer_that_cannot_be_read_is_ignored)
{
	unsigned long page = FAR_PAGE + 4;
	long unreadable = counter("hints-ignored-unreadable");
	long loaded = counter("loaded");

	if (!self->mounted)
		SKIP(return, NO_FUSE);
	append_hints(STORE PROGRAM, &self->hints, 0, NULL);
	reset();
	control->file = FILE_PROGRAM;
	control->page = page;
	run_with(_metadata, true, &self->r);
	EXPECT_EQ(0, self->r.err);
	EXPECT_EQ(0, self->r.status);
	EXPECT_EQ(1, counter("loaded") - loaded);
	EXPECT_EQ(1, counter("hints-ignored-unreadable") - unreadable);
}

/* Killed while the file system takes its time. */
TEST_F(hints_fault, it_can_be_killed_in_every_read)
{
	char *const argv[] = { MOUNT PROGRAM, NULL };
	unsigned long n, killed = 0;
	int status;
	pid_t pid;

	if (!self->mounted)
		SKIP(return, NO_FUSE);
	self->hints.runs[0] = (struct xelf_hint){
		FIRST_PAGE, 4, XELF_HINT_PROGRAM, XELF_HINT_WRITE
	};
	append_hints(STORE PROGRAM, &self->hints, 1, NULL);
	for (n = 1; n < MAX_READS; n++) {
		reset();
		control->slow = n;
		fflush(stdout);
		pid = fork();
		if (!pid) {
			execve(argv[0], argv, argv + 1);
			_exit(127);
		}
		while (control->reads < n && !waitpid(pid, &status, WNOHANG))
			usleep(1000);
		if (control->reads < n)
			break;
		EXPECT_EQ(0, kill(pid, SIGKILL));
		control->slow = 0;
		EXPECT_EQ(pid, waitpid(pid, &status, 0));
		killed += status == SIGKILL;
		EXPECT_TRUE(soon(module_is_unused));
	}
	EXPECT_EQ(0, status);
	ksft_print_msg("killed in %lu of %lu reads\n", killed, n - 1);
	fflush(stdout);
	/* Its head, its code, its four pages and its trailer. */
	EXPECT_LE(7, n - 1);
	EXPECT_EQ(n - 1, killed);
}

TEST_HARNESS_MAIN
