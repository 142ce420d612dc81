/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests on the kernel's kselftest_harness.h: runs a program under both
 * loaders, compares what became of it, and reads what it reported.
 */
#ifndef XELF_BOTH_H
#define XELF_BOTH_H

#include <grp.h>
#include <kselftest_harness.h>

#include "image.h"
#include "probe.h"
#include "xelf_test.h"

/* Of one test. The kernel debug, emulated, takes ten times the others' time. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

/* The first argument of a test program that is run as a program under test. */
#define CHILD_PREFIX	"--child-"

/* Those whom tests become, or give files to. */
#define NOBODY	65534
#define OTHER	1234

static char seen[2][4 << 20];	/* by kernel's loader, by ours */
static struct image image;

/* The hexadecimal number that follows @name; all ones if no line has it. */
static inline unsigned long number_of(const char *text, const char *name)
{
	const char *line = line_of(text, name);

	return line ? strtoul(line, NULL, 16) : ~0UL;
}

/* How often a word is there. */
static inline int mentions_of(const char *text, const char *word)
{
	int mentions = 0;

	for (; (text = strstr(text, word)); text++)
		mentions++;
	return mentions;
}

/* The value of an entry of the auxiliary vector; all ones if it is not there. */
static inline unsigned long auxv_of(const char *text, unsigned long id)
{
	char name[32];

	snprintf(name, sizeof(name), "auxv %lx", id);
	return number_of(text, name);
}

/*
 * Runs @path under the kernel's loader and then under ours, with what is seen
 * in seen[]. That our loader was used @loads times, and not at all while it is
 * switched off, is checked by its counter.
 */
static inline void run_each(struct __test_metadata *_metadata,
			    const char *path, const struct run *how,
			    struct run r[2], long loads)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");

		r[ours] = *how;
		r[ours].output = seen[ours];
		r[ours].output_size = sizeof(seen[ours]);
		run_under(ours, path, &r[ours]);
		EXPECT_EQ(ours ? loads : 0, counter("loaded") - loaded);
	}
}

/* As run_each(); all that was seen must be the same. */
static inline void run_both(struct __test_metadata *_metadata,
			    const char *path, const struct run *how,
			    struct run r[2], long loads)
{
	run_each(_metadata, path, how, r, loads);
	EXPECT_EQ(r[0].err, r[1].err);
	EXPECT_EQ(r[0].status, r[1].status);
	EXPECT_TRUE(same_text(seen[0], seen[1]));
}

/* The probe as a tagged program of a kind; @interp may be NULL. */
static inline void write_program(const char *path, int type,
				 const char *interp)
{
	image_init(&image, type);
	if (interp)
		image_interp(&image, interp);
	image_write(&image, path, true);
}

/* A program that reads a byte and exits with 0, in the place of the probe. */
static inline void image_init_short(int type)
{
	static const unsigned char code[] = { TEST_READS_AND_EXITS };

	image_init(&image, type);
	memcpy(image.bytes + IMAGE_CODE, code, sizeof(code));
}

/* The probe as an interpreter: never tagged. */
static inline void write_interp(const char *path, int type)
{
	image_init(&image, type);
	image_write(&image, path, false);
}

/* The kinds of programs, as variants of @test. */
#define PROGRAM_KINDS(test)						\
	FIXTURE_VARIANT(test) {						\
		int type;						\
		bool interp;						\
	};								\
	FIXTURE_VARIANT_ADD(test, fixed) { ET_EXEC, false };		\
	FIXTURE_VARIANT_ADD(test, pie) { ET_DYN, true };		\
	FIXTURE_VARIANT_ADD(test, static_pie) { ET_DYN, false }

/* This test program itself as a tagged program. */
static inline void write_self(const char *path)
{
	unlink(path);
	copy_file("/proc/self/exe", path);
	tag_file(path);
}

/* A PIE with its interpreter, and this test program, in a directory of ours. */
__attribute__((unused))
static void write_all(const char *dir, const char *program, const char *interp,
		      const char *self)
{
	fresh_dir(dir);
	write_interp(interp, ET_DYN);
	write_program(program, ET_DYN, interp);
	write_self(self);
}

/* In a child: nobody, with a group besides, as users have. */
static inline void become_nobody(void)
{
	gid_t group = 4321;

	if (setgroups(1, &group) || setgid(NOBODY) || setuid(NOBODY))
		die("setuid");
}

/* In a program under test: lines of its status; not all can be compared. */
static inline void report_status(const char *const *names)
{
	static char status[65536];
	const char *line;

	read_text("/proc/self/status", status, sizeof(status));
	for (; *names; names++) {
		line = line_of(status, *names);
		if (line)
			printf("status %s:%.*s\n", *names,
			       (int)strcspn(line, "\n"), line);
	}
}

#endif /* XELF_BOTH_H */
