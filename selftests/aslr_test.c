// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address space randomisation: what varies, by how much and between which
 * bounds, measured on both loaders.
 */
#include "both.h"

#define DIR_	"/tmp/aslr_test/"
#define PROGRAM	DIR_ "program"
#define INTERP	DIR_ "interp"
#define SYSCTL	"/proc/sys/kernel/randomize_va_space"

#define RUNS		64
#define ET_DYN_BASE	TEST_DYN_BASE
#define PAGE		4096UL

/* What is placed by itself; an address each. */
enum {
	STACK,	/* the stack pointer at the start */
	MMAP,	/* the interpreter; without one the vector's AT_PHDR */
	IMAGE,	/* the program */
	BRK,
	VDSO,
	PLACES
};

static const char *const places[PLACES] = {
	"stack", "mmap", "image", "brk", "vdso",
};

/* All runs under one loader. */
struct sample {
	unsigned long at[PLACES][RUNS];
	int runs;
};

static void set_randomize(int value)
{
	write_file(SYSCTL, &"012"[value], 1, 0644);
}

FIXTURE(aslr) {
	struct sample sample[2];	/* the kernel's loader, ours */
	struct run r[2];
	struct run how;
};

PROGRAM_KINDS(aslr);
FIXTURE_VARIANT_ADD(aslr, fixed_with_interpreter) { ET_EXEC, true };

FIXTURE_SETUP(aslr)
{
	self->how.aslr = true;
	fresh_dir(DIR_);
	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, variant->type, variant->interp ? INTERP : NULL);
	set_randomize(2);
}

FIXTURE_TEARDOWN(aslr)
{
	set_randomize(2);
	remove_dir(DIR_);
}

/* Runs the program so many times and takes down where its parts were. */
static void take_sample(struct __test_metadata *_metadata, bool ours, int runs,
			struct sample *sample)
{
	struct run r = {
		.aslr = true,
		.output = seen[ours],
		.output_size = sizeof(seen[ours]),
	};
	long loaded = counter("loaded");
	int i;

	set_enabled(ours);
	for (i = 0; i < runs; i++) {
		unsigned long base;

		run(PROGRAM, &r);
		ASSERT_EQ(0, r.err);
		ASSERT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
		base = auxv_of(seen[ours], AT_BASE);
		sample->at[STACK][i] = number_of(seen[ours], "sp");
		sample->at[IMAGE][i] = auxv_of(seen[ours], AT_PHDR);
		sample->at[MMAP][i] = base ? base : sample->at[IMAGE][i];
		sample->at[BRK][i] = number_of(seen[ours], "brk");
		sample->at[VDSO][i] = auxv_of(seen[ours], AT_SYSINFO_EHDR);
	}
	sample->runs = runs;
	set_enabled(true);
	EXPECT_EQ(ours ? runs : 0, counter("loaded") - loaded);
}

/* Of how many runs was this bit set? */
static int times_set(const struct sample *sample, int place, int bit)
{
	int i, n = 0;

	for (i = 0; i < sample->runs; i++)
		n += sample->at[place][i] >> bit & 1;
	return n;
}

/* Bits that vary at all. */
static unsigned long varying(const struct sample *sample, int place)
{
	unsigned long mask = 0;
	int i;

	for (i = 1; i < sample->runs; i++)
		mask |= sample->at[place][i] ^ sample->at[place][0];
	return mask;
}

/*
 * Bits that are about as often set as not; the few above them, to which only a
 * carry comes, may be missing in one sample and not in the other.
 */
static unsigned long even(const struct sample *sample, int place)
{
	unsigned long mask = 0;
	int bit, n;

	for (bit = 0; bit < 8 * (int)sizeof(long); bit++) {
		n = times_set(sample, place, bit);
		if (n >= sample->runs / 4 && n <= sample->runs * 3 / 4)
			mask |= 1UL << bit;
	}
	return mask;
}

static void bounds(const struct sample *sample, int place, unsigned long *low,
		   unsigned long *high)
{
	int i;

	*low = ~0UL;
	*high = 0;
	for (i = 0; i < sample->runs; i++) {
		if (*low > sample->at[place][i])
			*low = sample->at[place][i];
		if (*high < sample->at[place][i])
			*high = sample->at[place][i];
	}
}

TEST_F(aslr, varies_as_much_and_as_far_as_when_untagged)
{
	struct sample *kernel = &self->sample[0], *ours = &self->sample[1];
	unsigned long low[2], high[2], room;
	int place;

	take_sample(_metadata, false, RUNS, kernel);
	take_sample(_metadata, true, RUNS, ours);
	for (place = 0; place < PLACES; place++) {
		EXPECT_EQ(0UL, even(kernel, place) & ~varying(ours, place)) {
			TH_LOG("%s: bits that do not vary", places[place]);
		}
		EXPECT_EQ(0UL, even(ours, place) & ~varying(kernel, place)) {
			TH_LOG("%s: bits that should not vary", places[place]);
		}
#ifdef __arm__
		/* Anywhere above the stack, which is random, too: seldom low. */
		if (place == VDSO)
			continue;
#endif
		bounds(kernel, place, &low[0], &high[0]);
		bounds(ours, place, &low[1], &high[1]);
		/* 64 runs come that close to the true bounds. */
		room = (high[0] - low[0]) / 4;
		EXPECT_LE(low[0], low[1] + room) {
			TH_LOG("%s: too low", places[place]);
		}
		EXPECT_GE(high[0] + room, high[1]) {
			TH_LOG("%s: too high", places[place]);
		}
		EXPECT_LE((high[0] - low[0]) / 2, high[1] - low[1]) {
			TH_LOG("%s: spread too little", places[place]);
		}
	}
}

TEST_F(aslr, has_the_entropy_that_the_kernel_is_set_to)
{
	struct sample *ours = &self->sample[1];
	bool mapped = variant->interp || variant->type == ET_DYN;
	int bits = number_in("/proc/sys/vm/mmap_rnd_bits");

	take_sample(_metadata, true, RUNS, ours);
	EXPECT_LE(TEST_STACK_BITS, __builtin_popcountl(varying(ours, STACK)));
	EXPECT_LE(mapped ? bits : 0, __builtin_popcountl(varying(ours, MMAP)));
	EXPECT_LE(variant->type == ET_DYN ? bits : 0,
		  __builtin_popcountl(varying(ours, IMAGE)));
	EXPECT_LE(12, __builtin_popcountl(varying(ours, BRK)));
	EXPECT_LE(8, __builtin_popcountl(varying(ours, VDSO)));
	EXPECT_EQ(variant->type == ET_EXEC, !varying(ours, IMAGE));
}

TEST_F(aslr, randomize_va_space_0_fixes_everything)
{
	char *first;

	set_randomize(0);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(self->r[1].status));
	first = strdup(seen[1]);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_STREQ(first, seen[1]);
	free(first);
}

TEST_F(aslr, randomize_va_space_may_be_any_number)
{
	struct sample *kernel = &self->sample[0], *ours = &self->sample[1];
	static const char *const numbers[] = { "10", "-1", "2147483647" };
	int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		write_text(SYSCTL, numbers[i]);
		take_sample(_metadata, false, 16, kernel);
		take_sample(_metadata, true, 16, ours);
		EXPECT_EQ(!varying(kernel, BRK), !varying(ours, BRK)) {
			TH_LOG("%s", numbers[i]);
		}
	}
}

TEST_F(aslr, ADDR_NO_RANDOMIZE_fixes_everything)
{
	bool pie = variant->type == ET_DYN && variant->interp;
	unsigned long base;
	char *first;

	self->how.aslr = false;
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(self->r[1].status));
	first = strdup(seen[1]);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_STREQ(first, seen[1]);
	free(first);
	base = auxv_of(seen[1], AT_PHDR) & ~(PAGE - 1);
	EXPECT_EQ(pie, base == ET_DYN_BASE);
}

TEST_F(aslr, randomize_va_space_1_leaves_brk_where_it_is)
{
	struct sample *kernel = &self->sample[0], *ours = &self->sample[1];
	unsigned long end = IMAGE_DATA + IMAGE_DATA_SIZE + IMAGE_BSS_SIZE;
	int i, place;

	set_randomize(1);
	take_sample(_metadata, false, 8, kernel);
	take_sample(_metadata, true, 8, ours);
	for (place = 0; place < PLACES; place++) {
		EXPECT_EQ(!varying(kernel, place), !varying(ours, place)) {
			TH_LOG("%s", places[place]);
		}
	}
	EXPECT_NE(0UL, varying(ours, STACK));
	for (i = 0; i < ours->runs; i++) {
		unsigned long base = ours->at[IMAGE][i] & ~(PAGE - 1);

		/*
		 * Directly after bss; but at the place of a PIE's without one,
		 * which 5.10 gives to a random brk only.
		 */
		if (variant->type == ET_DYN && !variant->interp &&
		    kernel_release() >= KERNEL(6, 1)) {
			EXPECT_EQ(kernel->at[BRK][0], ours->at[BRK][i]);
		} else {
			EXPECT_EQ((base + end + PAGE - 1) & ~(PAGE - 1),
				  ours->at[BRK][i]);
		}
	}
}

TEST_F(aslr, a_run_with_it_fixed_is_not_like_one_without)
{
	struct sample *ours = &self->sample[1];
	unsigned long mask = 0;
	int place;

	set_randomize(0);
	take_sample(_metadata, true, 2, ours);
	for (place = 0; place < PLACES; place++)
		mask |= varying(ours, place);
	EXPECT_EQ(0UL, mask);
	set_randomize(2);
	take_sample(_metadata, true, 8, ours);
	EXPECT_NE(0UL, varying(ours, STACK));
	EXPECT_NE(0UL, varying(ours, BRK));
}

TEST_F(aslr, flipping_the_switch_meanwhile_crashes_no_program)
{
	struct run r = { .aslr = true };
	long loaded = counter("loaded");
	pid_t flipper;
	int i;

	fflush(stdout);
	flipper = fork();
	ASSERT_LE(0, flipper);
	if (!flipper)
		for (i = 0;; i++)
			set_randomize(i % 3);
	for (i = 0; i < 200; i++) {
		run(PROGRAM, &r);
		EXPECT_EQ(0, r.err);
		EXPECT_EQ(PROBE_STATUS << 8, r.status);
	}
	EXPECT_EQ(0, waitpid(flipper, NULL, WNOHANG));
	kill(flipper, SIGKILL);
	waitpid(flipper, NULL, 0);
	EXPECT_EQ(200, counter("loaded") - loaded);
}

TEST_HARNESS_MAIN
