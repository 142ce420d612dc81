/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests on the kernel's kselftest_harness.h: runs a program under both
 * loaders, compares what became of it, and reads what it reported.
 */
#ifndef XELF_BOTH_H
#define XELF_BOTH_H

#include <kselftest_harness.h>

#include "image.h"
#include "probe.h"
#include "xelf_test.h"

/* Of one test. The kernel debug, emulated, takes ten times the others' time. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

/* The first argument of a test program that is run as a program under test. */
#define CHILD_PREFIX	"--child-"

static char seen[2][4 << 20];	/* by kernel's loader, by ours */
static struct image image;

/* The rest of the first line of @text that begins with @name; NULL if none. */
static inline const char *line_of(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (; text && *text; text = strchr(text, '\n')) {
		if (*text == '\n' && !*++text)
			break;
		if (!strncmp(text, name, size) && text[size] == ' ')
			return text + size + 1;
	}
	return NULL;
}

/* The hexadecimal number there; all ones if there is no such line. */
static inline unsigned long number_of(const char *text, const char *name)
{
	const char *line = line_of(text, name);

	return line ? strtoul(line, NULL, 16) : ~0UL;
}

/* The value of an entry of the auxiliary vector; all ones if it is not there. */
static inline unsigned long auxv_of(const char *text, unsigned long id)
{
	char name[32];

	snprintf(name, sizeof(name), "auxv %lx", id);
	return number_of(text, name);
}

/* Says where two reports part. */
static inline bool same_text(const char *a, const char *b)
{
	const char *line_a = a, *line_b = b;

	if (!strcmp(a, b))
		return true;
	for (; *a && *a == *b; a++, b++)
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
	ksft_print_msg("binfmt_elf:  %.*s\n", (int)strcspn(line_a, "\n"),
		       line_a);
	ksft_print_msg("binfmt_xelf: %.*s\n", (int)strcspn(line_b, "\n"),
		       line_b);
	return false;
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
	if (mkdir(dir, 0755) && errno != EEXIST)
		die("%s: mkdir", dir);
	unlink(program);
	unlink(interp);
	write_interp(interp, ET_DYN);
	write_program(program, ET_DYN, interp);
	write_self(self);
}

#endif /* XELF_BOTH_H */
