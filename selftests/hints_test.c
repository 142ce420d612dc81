// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of include/xelf/hints.h: the trailer, and where its runs lie. */
#include <kselftest_harness.h>

#include "hints_image.h"

#define RUNS	3

FIXTURE(hints) {
	struct hints_image image;
	struct xelf_hints hints;
	__u8 tail[XELF_HINTS_SIZE(XELF_HINTS_RUNS + 1)];
	size_t size;
};

FIXTURE_SETUP(hints)
{
	hints_init(&self->image, RUNS);
	self->image.runs[0] = (struct xelf_hint){
		0x12345678, 0xabcd, XELF_HINT_STACK, XELF_HINT_WRITE
	};
	self->size = hints_write(self->tail, &self->image, RUNS);
}

FIXTURE_TEARDOWN(hints)
{
}

#define HINTS FIXTURE_DATA(hints)

/* In a buffer of its own size, so that a sanitizer sees each read beyond it. */
static enum xelf_hints_fault find(HINTS *self)
{
	__u8 *copy = malloc(self->size ? self->size : 1);
	enum xelf_hints_fault fault;

	memcpy(copy, self->tail, self->size);
	fault = xelf_find_hints(copy, self->size, PAGE_SHIFT, &self->hints);
	free(copy);
	return fault;
}

static void rewrite(HINTS *self, unsigned int count)
{
	self->size = hints_write(self->tail, &self->image, count);
}

TEST_F(hints, finds_a_good_trailer)
{
	struct xelf_hint hint;

	ASSERT_EQ(XELF_HINTS_OK,
		  xelf_find_hints(self->tail, self->size, PAGE_SHIFT,
				  &self->hints));
	EXPECT_EQ(RUNS, self->hints.count);
	EXPECT_EQ(self->size, self->hints.size);
	hint = xelf_hint_at(&self->hints, 0);
	EXPECT_EQ(0, memcmp(&hint, &self->image.runs[0], sizeof(hint)));
}

TEST_F(hints, are_as_format_md_has_them)
{
	static const __u8 run[] = { 0x78, 0x56, 0x34, 0x12, 0xcd, 0xab, 2, 1 };

	EXPECT_EQ(0, memcmp(self->tail, run, sizeof(run)));
	EXPECT_EQ(0, memcmp(self->tail + self->size - 32, "XELFHINT\1\14\3\0\70", 13));
	/* FNV-1a of one word is that of one byte if the word is below 256. */
	EXPECT_EQ(0xaf63dc4c8601ec8cULL, xelf_sum(XELF_SUM_START, "a\0\0\0\0\0\0", 8));
}

TEST_F(hints, finds_a_trailer_behind_other_bytes)
{
	memmove(self->tail + 5, self->tail, self->size);
	memset(self->tail, 'x', 5);
	self->size += 5;
	EXPECT_EQ(XELF_HINTS_OK, find(self));
}

TEST_F(hints, finds_a_trailer_of_no_runs)
{
	hints_init(&self->image, 0);
	rewrite(self, 0);
	EXPECT_EQ(XELF_HINTS_OK, find(self));
	EXPECT_EQ(0, self->hints.count);
}

TEST_F(hints, takes_as_many_runs_as_the_limit)
{
	hints_init(&self->image, XELF_HINTS_RUNS);
	rewrite(self, XELF_HINTS_RUNS);
	EXPECT_EQ(XELF_HINTS_MAX_SIZE, self->size);
	EXPECT_EQ(XELF_HINTS_OK, find(self));
}

TEST_F(hints, refuses_one_run_more)
{
	hints_init(&self->image, XELF_HINTS_RUNS + 1);
	rewrite(self, XELF_HINTS_RUNS + 1);
	EXPECT_EQ(XELF_HINTS_TOO_MANY, find(self));
}

TEST_F(hints, misses_a_trailer_cut_anywhere_at_its_end)
{
	size_t size = self->size;

	while (self->size > 0) {
		self->size--;
		EXPECT_EQ(XELF_HINTS_MISSING, find(self));
	}
	self->size = size;
	EXPECT_EQ(XELF_HINTS_OK, find(self));
}

TEST_F(hints, refuses_a_trailer_cut_at_its_start)
{
	memmove(self->tail, self->tail + 1, self->size - 1);
	self->size--;
	EXPECT_EQ(XELF_HINTS_BAD_SIZE, find(self));
}

TEST_F(hints, refuses_another_version)
{
	self->image.footer.version = 2;
	rewrite(self, RUNS);
	EXPECT_EQ(XELF_HINTS_VERSION_UNKNOWN, find(self));
}

TEST_F(hints, refuses_pages_of_another_size)
{
	self->image.footer.page_shift = 16;
	rewrite(self, RUNS);
	EXPECT_EQ(XELF_HINTS_PAGE_SIZE, find(self));
}

TEST_F(hints, refuses_a_size_that_is_not_that_of_the_runs)
{
	static const __u32 sizes[] = { 0, 31, 32, 55, 57, 1 << 20, ~0U };
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		self->image.footer.size = sizes[i];
		rewrite(self, RUNS);
		EXPECT_EQ(XELF_HINTS_BAD_SIZE, find(self));
	}
}

TEST_F(hints, refuses_any_changed_bit)
{
	size_t i;

	for (i = 0; i < self->size * 8; i++) {
		self->tail[i / 8] ^= 1 << i % 8;
		EXPECT_NE(XELF_HINTS_OK, find(self));
		self->tail[i / 8] ^= 1 << i % 8;
	}
	EXPECT_EQ(XELF_HINTS_OK, find(self));
}

TEST_F(hints, any_bytes_are_looked_at_within_bounds)
{
	int i;

	srand(1);
	for (i = 0; i < 100000; i++) {
		size_t k;

		rewrite(self, RUNS);
		for (k = rand() % 6; k; k--)
			self->tail[rand() % self->size] = rand();
		if (rand() % 4 == 0)
			self->size = rand() % (self->size + 1);
		if (find(self) == XELF_HINTS_OK)
			EXPECT_LE(self->hints.count, XELF_HINTS_RUNS);
	}
}

TEST(each_fault_has_a_name_of_its_own)
{
	int i, k;

	for (i = 0; i < XELF_HINTS_FAULT_COUNT; i++)
		for (k = 0; k < i; k++)
			EXPECT_STRNE(xelf_hints_fault_name(i),
				     xelf_hints_fault_name(k));
	EXPECT_STREQ("?", xelf_hints_fault_name(XELF_HINTS_FAULT_COUNT));
}

TEST(an_interpreter_is_told_from_one_changed_in_a_bit_or_in_size)
{
	__u8 first[XELF_INTERP_SUM_SIZE] = { 1, 2, 3 };
	__u64 sum = xelf_interp_sum(first, sizeof(first), 4096);

	EXPECT_EQ(sum, xelf_interp_sum(first, sizeof(first), 4096));
	EXPECT_NE(sum, xelf_interp_sum(first, sizeof(first), 4097));
	EXPECT_NE(sum, xelf_interp_sum(first, sizeof(first) - 8, 4096));
	first[sizeof(first) - 1] ^= 0x80;
	EXPECT_NE(sum, xelf_interp_sum(first, sizeof(first), 4096));
	EXPECT_NE(0, xelf_interp_sum(first, 0, 0));
}

/* ---- where runs lie ---- */

static const struct xelf_extent image = { 0x400000, 0x410000 };

static struct xelf_extent extent(__u32 page, __u16 pages, __u8 place)
{
	struct xelf_hint hint = { page, pages, place, XELF_HINT_READ };

	return xelf_hint_extent(&hint, &image, PAGE_SHIFT);
}

TEST(a_run_of_an_image_counts_from_its_start)
{
	struct xelf_extent run = extent(2, 3, XELF_HINT_PROGRAM);

	EXPECT_EQ(0x402000, run.start);
	EXPECT_EQ(0x405000, run.end);
}

TEST(a_run_of_the_stack_counts_from_its_end)
{
	struct xelf_extent run = extent(0, 1, XELF_HINT_STACK);

	EXPECT_EQ(0x40f000, run.start);
	EXPECT_EQ(0x410000, run.end);
	run = extent(2, 3, XELF_HINT_STACK);
	EXPECT_EQ(0x40b000, run.start);
	EXPECT_EQ(0x40e000, run.end);
}

TEST(a_run_is_clipped_to_its_place)
{
	static const __u32 pages[] = { 0, 1, 15, 16, 17, 0xffff, ~0U };
	struct xelf_extent run;
	unsigned int i, place;

	for (place = XELF_HINT_PROGRAM; place <= XELF_HINT_STACK; place++) {
		for (i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
			run = extent(pages[i], 0xffff, place);
			EXPECT_LE(image.start, run.start);
			EXPECT_GE(image.end, run.end);
			EXPECT_EQ(pages[i] >= 16, run.start >= run.end);
			run = extent(pages[i], 0, place);
			EXPECT_EQ(run.start, run.end);
		}
	}
}

TEST(a_run_of_no_place_is_empty)
{
	struct xelf_hint hint = { 0, 0xffff, XELF_HINT_PROGRAM, XELF_HINT_READ };
	struct xelf_extent none = { }, run;

	run = xelf_hint_extent(&hint, &none, PAGE_SHIFT);
	EXPECT_EQ(run.start, run.end);
}

TEST_HARNESS_MAIN
