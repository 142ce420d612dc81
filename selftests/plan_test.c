// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of include/xelf/plan.h, program headers to a plan, and of how
 * class.h reads them.
 */
#include <stddef.h>

#include <kselftest_harness.h>

#include <xelf/plan.h>

#define PAGE	4096
#define TOP	0x7ffffffff000UL

static const struct xelf_limits limits = {
	.task_size = TOP,
	.page_size = PAGE,
	.phdrs_size = PAGE,
	.machine = EM_X86_64,
};

/* A PIE of three segments, with room for more headers. */
FIXTURE(plan) {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[8];
	struct xelf_plan plan;
};

FIXTURE_SETUP(plan)
{
	self->ehdr = (Elf64_Ehdr){
		.e_ident = ELFMAG,
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_entry = 0x1010,
		.e_phoff = 64,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	memset(self->phdr, 0, sizeof(self->phdr));
	self->phdr[0] = (Elf64_Phdr){ PT_LOAD, PF_R, 0, 0, 0, 0x400, 0x400,
				      PAGE };
	self->phdr[1] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0x1000, 0x1000, 0,
				      0x800, 0x800, PAGE };
	self->phdr[2] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_W, 0x2100, 0x3100, 0,
				      0x200, 0x2000, PAGE };
}

FIXTURE_TEARDOWN(plan)
{
}

#define PLAN FIXTURE_DATA(plan)

static Elf64_Phdr *add(PLAN *self, Elf64_Word type)
{
	Elf64_Phdr *phdr = &self->phdr[self->ehdr.e_phnum++];

	phdr->p_type = type;
	return phdr;
}

static void make(PLAN *self)
{
	xelf_make_plan(&self->plan, &self->ehdr, self->phdr, PAGE);
}

static enum xelf_reason check(PLAN *self)
{
	make(self);
	return xelf_check_plan(&self->plan, &limits);
}

static enum xelf_reason check_interp(PLAN *self)
{
	make(self);
	return xelf_check_interp_plan(&self->plan, &limits);
}

TEST_F(plan, takes_in_a_good_image)
{
	ASSERT_EQ(XELF_OK, check(self));
	EXPECT_EQ(XELF_OK, check_interp(self));
	EXPECT_EQ(3, self->plan.loads);
	EXPECT_EQ(-1, self->plan.interp);
	EXPECT_EQ(-1, self->plan.property);
	EXPECT_EQ(-1, self->plan.fault);
	EXPECT_EQ(XELF_STACK_DEFAULT, self->plan.stack);
	EXPECT_EQ(0, self->plan.low);
	EXPECT_EQ(0x5100, self->plan.high);
	EXPECT_EQ(0x5100, xelf_plan_size(&self->plan));
	EXPECT_EQ(0x5100, xelf_plan_size_by_order(&self->plan));
	EXPECT_EQ(PAGE, self->plan.align);
	EXPECT_EQ(64, self->plan.phdr_addr);
	EXPECT_EQ(0x1000, self->plan.start_code);
	EXPECT_EQ(0x1800, self->plan.end_code);
	EXPECT_EQ(0x3100, self->plan.start_data);
	EXPECT_EQ(0x3300, self->plan.end_data);
}

TEST_F(plan, sees_gaps)
{
	make(self);
	/* The second segment ends on 0x2000, the third begins on 0x3000. */
	EXPECT_TRUE(self->plan.gaps);
	self->phdr[1].p_memsz = 0x1001;
	make(self);
	/* There is no gap in memory, but bss instead of file contents. */
	EXPECT_TRUE(self->plan.gaps);
	self->phdr[1].p_filesz = 0x1001;
	make(self);
	EXPECT_FALSE(self->plan.gaps);
	self->phdr[2].p_vaddr -= PAGE;
	make(self);
	EXPECT_TRUE(self->plan.gaps);
	self->phdr[1].p_memsz = 0x800;
	self->phdr[1].p_filesz = 0x800;
	make(self);
	EXPECT_FALSE(self->plan.gaps);
}

TEST_F(plan, sees_where_the_entry_lies)
{
	self->ehdr.e_entry = 0x17ff;
	make(self);
	EXPECT_TRUE(self->plan.entry_in_file);
	EXPECT_FALSE(self->plan.entry_in_tail);
	self->ehdr.e_entry = 0x1800;
	make(self);
	EXPECT_FALSE(self->plan.entry_in_file);
	self->ehdr.e_entry = 0xfff;
	make(self);
	EXPECT_FALSE(self->plan.entry_in_file);
	/* Of the data. */
	self->ehdr.e_entry = 0x3200;
	make(self);
	EXPECT_FALSE(self->plan.entry_in_file);
	EXPECT_TRUE(self->plan.entry_in_tail);
	/* Zeroes behind the code, in its page. */
	self->ehdr.e_entry = 0x1000;
	self->phdr[1].p_memsz = 0x900;
	make(self);
	EXPECT_TRUE(self->plan.entry_in_file);
	EXPECT_TRUE(self->plan.entry_in_tail);
}

TEST_F(plan, sees_a_gap_where_segments_are_not_in_order)
{
	Elf64_Phdr last = self->phdr[2];

	self->phdr[1].p_memsz = 0x1001;
	self->phdr[2] = self->phdr[1];
	self->phdr[1] = last;
	make(self);
	EXPECT_TRUE(self->plan.gaps);
}

TEST_F(plan, does_not_mind_the_order_of_segments)
{
	struct xelf_plan straight;
	Elf64_Phdr first = self->phdr[0];

	make(self);
	straight = self->plan;
	self->phdr[0] = self->phdr[2];
	self->phdr[2] = first;
	ASSERT_EQ(XELF_OK, check(self));
	/* All but what is about the order itself. */
	EXPECT_EQ(xelf_page_floor(self->phdr[0].p_vaddr, 4096), self->plan.first);
	EXPECT_EQ(first.p_vaddr + first.p_memsz, self->plan.last_end);
	self->plan.first = straight.first;
	self->plan.last_end = straight.last_end;
	EXPECT_EQ(straight.loads, self->plan.loads);
	/* The addresses; before them the compiler leaves a hole. */
	EXPECT_EQ(0, memcmp(&straight.low, &self->plan.low,
			    sizeof(straight) - offsetof(struct xelf_plan, low)));
}

TEST_F(plan, takes_the_first_interpreter_and_the_last_of_the_rest)
{
	add(self, PT_INTERP);
	add(self, PT_INTERP);
	add(self, PT_GNU_STACK)->p_flags = PF_X;
	add(self, PT_GNU_STACK)->p_flags = PF_R | PF_W;
	add(self, PT_GNU_PROPERTY);
	make(self);
	EXPECT_EQ(3, self->plan.interp);
	EXPECT_EQ(7, self->plan.property);
	EXPECT_EQ(XELF_STACK_NOEXEC, self->plan.stack);
}

TEST_F(plan, gives_an_executable_stack_for_PF_X)
{
	add(self, PT_GNU_STACK)->p_flags = PF_X;
	make(self);
	EXPECT_EQ(XELF_STACK_EXEC, self->plan.stack);
}

TEST_F(plan, aligns_to_the_largest_power_of_two)
{
	self->phdr[0].p_align = 0;
	self->phdr[1].p_align = 0x200000;
	self->phdr[2].p_align = 0x300000;
	make(self);
	EXPECT_EQ(0x200000, self->plan.align);

	self->phdr[1].p_align = 1;
	make(self);
	EXPECT_EQ(PAGE, self->plan.align);

	self->phdr[1].p_align = 0;
	make(self);
	EXPECT_EQ(0, self->plan.align);
}

TEST_F(plan, finds_headers_only_in_a_segment)
{
	self->ehdr.e_phoff = 0x2150;
	make(self);
	EXPECT_EQ(0x3150, self->plan.phdr_addr);
	self->ehdr.e_phoff = 0x400;
	make(self);
	EXPECT_EQ(0, self->plan.phdr_addr);
	self->ehdr.e_phoff = 0x3ff;
	make(self);
	EXPECT_EQ(0x3ff, self->plan.phdr_addr);
}

TEST_F(plan, takes_an_image_without_segments)
{
	self->phdr[0].p_type = PT_NULL;
	self->phdr[1].p_type = PT_NULL;
	self->phdr[2].p_type = PT_NULL;
	EXPECT_EQ(XELF_OK, check(self));
	EXPECT_EQ(0, xelf_plan_size(&self->plan));
	EXPECT_EQ(0, xelf_plan_size_by_order(&self->plan));
	/* An interpreter must have one. */
	EXPECT_EQ(XELF_INTERP_SEGMENTS, check_interp(self));
}

TEST_F(plan, keeps_segments_in_user_space)
{
	Elf64_Phdr *phdr = &self->phdr[2];

	phdr->p_vaddr = TOP - 0x1000 + 0x100;
	phdr->p_memsz = 0xf00;
	EXPECT_EQ(XELF_OK, check(self));
	phdr->p_memsz++;
	EXPECT_EQ(XELF_VADDR_OUT_OF_RANGE, check(self));
	EXPECT_EQ(2, self->plan.fault);
	phdr->p_memsz = 0;
	phdr->p_filesz = 0;
	phdr->p_vaddr = TOP - 1;
	EXPECT_EQ(XELF_OK, check(self));
	phdr->p_vaddr = TOP;
	EXPECT_EQ(XELF_VADDR_OUT_OF_RANGE, check(self));
	phdr->p_vaddr = ~0UL;
	EXPECT_EQ(XELF_VADDR_OUT_OF_RANGE, check(self));
	phdr->p_vaddr = 0;
	phdr->p_memsz = TOP;
	EXPECT_EQ(XELF_OK, check(self));
	phdr->p_memsz = ~0UL;
	EXPECT_EQ(XELF_VADDR_OUT_OF_RANGE, check(self));
}

TEST_F(plan, refuses_more_file_than_memory)
{
	self->phdr[1].p_memsz = self->phdr[1].p_filesz;
	EXPECT_EQ(XELF_OK, check(self));
	self->phdr[1].p_memsz--;
	EXPECT_EQ(XELF_FILESZ_EXCEEDS_MEMSZ, check(self));
	EXPECT_EQ(1, self->plan.fault);
	EXPECT_EQ(XELF_INTERP_SEGMENTS, check_interp(self));
	EXPECT_EQ(1, self->plan.fault);
}

TEST_F(plan, refuses_an_offset_that_differs_in_the_page)
{
	self->phdr[2].p_offset++;
	EXPECT_EQ(XELF_OFFSET_MISALIGNED, check(self));
	EXPECT_EQ(XELF_INTERP_SEGMENTS, check_interp(self));
	/* Nothing is mapped from the file, so it does not matter. */
	self->phdr[2].p_filesz = 0;
	EXPECT_EQ(XELF_OK, check(self));
}

TEST_F(plan, refuses_an_offset_that_wraps)
{
	/* 0x100 bytes into the page, 0x200 long: the last that fits. */
	self->phdr[2].p_offset = ~0UL - 0x1fff + 0x100;
	EXPECT_EQ(XELF_OK, check(self));
	self->phdr[2].p_offset += 0x1000;
	EXPECT_EQ(XELF_OFFSET_OUT_OF_RANGE, check(self));
}

/* Values as a 32-bit file has them, widened. */
TEST_F(plan, wraps_where_the_class_does)
{
	struct xelf_limits arm = limits;

	arm.machine = EM_ARM;
	self->ehdr.e_machine = EM_ARM;
	self->phdr[2].p_vaddr = 0xfffff100;
	make(self);
	EXPECT_TRUE(self->plan.gaps);
	EXPECT_EQ(0x1800, self->plan.high);
	self->ehdr.e_machine = EM_X86_64;
	make(self);
	EXPECT_EQ(0x100001100, self->plan.high);

	self->ehdr.e_machine = EM_ARM;
	self->phdr[2].p_vaddr = 0x3100;
	self->phdr[2].p_offset = 0xffffe100;
	make(self);
	EXPECT_EQ(XELF_OK, xelf_check_plan(&self->plan, &arm));
	self->phdr[2].p_offset += 0x1000;
	make(self);
	EXPECT_EQ(XELF_OFFSET_OUT_OF_RANGE, xelf_check_plan(&self->plan, &arm));
}

TEST_F(plan, refuses_a_PIE_that_spans_nothing)
{
	int i;

	for (i = 0; i < 3; i++) {
		self->phdr[i].p_vaddr = 0x1000;
		self->phdr[i].p_filesz = 0;
		self->phdr[i].p_memsz = 0;
	}
	EXPECT_EQ(XELF_EMPTY_IMAGE, check(self));
	EXPECT_EQ(XELF_INTERP_SEGMENTS, check_interp(self));
	self->ehdr.e_type = ET_EXEC;
	EXPECT_EQ(XELF_OK, check(self));
	self->ehdr.e_type = ET_DYN;
	self->phdr[1].p_memsz = 1;
	EXPECT_EQ(XELF_OK, check(self));
}

TEST_F(plan, looks_at_the_entry_only_where_the_kernel_does)
{
	self->ehdr.e_entry = TOP;
	EXPECT_EQ(XELF_OK, check(self));
	self->ehdr.e_type = ET_EXEC;
	EXPECT_EQ(XELF_ENTRY_OUT_OF_RANGE, check(self));
	EXPECT_EQ(XELF_INTERP_SEGMENTS, check_interp(self));
	self->ehdr.e_entry--;
	EXPECT_EQ(XELF_OK, check(self));
	EXPECT_EQ(XELF_OK, check_interp(self));
	self->ehdr.e_entry = TOP;
	add(self, PT_INTERP);
	EXPECT_EQ(XELF_OK, check(self));
}

TEST_F(plan, lets_a_movable_interpreter_be_linked_anywhere)
{
	int i;

	for (i = 0; i < 3; i++)
		self->phdr[i].p_vaddr += 0xffffffff80000000;
	EXPECT_EQ(XELF_OK, check_interp(self));
	EXPECT_EQ(XELF_VADDR_OUT_OF_RANGE, check(self));
	self->ehdr.e_type = ET_EXEC;
	EXPECT_EQ(XELF_INTERP_SEGMENTS, check_interp(self));
}

TEST(interp_path_lengths)
{
	Elf64_Phdr phdr = { .p_type = PT_INTERP };
	static const struct {
		__u64 size;
		enum xelf_reason reason;
	} cases[] = {
		{ 0, XELF_INTERP_SIZE }, { 1, XELF_INTERP_SIZE },
		{ 2, XELF_OK }, { 4095, XELF_OK }, { 4096, XELF_OK },
		{ 4097, XELF_INTERP_SIZE }, { ~0UL, XELF_INTERP_SIZE },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		phdr.p_filesz = cases[i].size;
		EXPECT_EQ(cases[i].reason, xelf_check_interp_size(&phdr));
	}
}

TEST(interp_path_must_end)
{
	EXPECT_EQ(XELF_OK, xelf_check_interp_path("/ld", 4));
	EXPECT_EQ(XELF_INTERP_UNTERMINATED, xelf_check_interp_path("/ld", 3));
	EXPECT_EQ(XELF_OK, xelf_check_interp_path("\0", 2));
}

TEST_F(plan, checks_an_interpreters_header)
{
	EXPECT_EQ(XELF_OK, xelf_check_interp(&self->ehdr, &limits));
	EXPECT_EQ(XELF_OK, xelf_check_interp_type(&self->ehdr));
	self->ehdr.e_type = ET_CORE;
	EXPECT_EQ(XELF_OK, xelf_check_interp(&self->ehdr, &limits));
	EXPECT_EQ(XELF_INTERP_TYPE, xelf_check_interp_type(&self->ehdr));
	self->ehdr.e_phnum = 0;
	EXPECT_EQ(XELF_INTERP_PHDRS, xelf_check_interp(&self->ehdr, &limits));
	self->ehdr.e_machine = EM_386;
	EXPECT_EQ(XELF_INTERP_MACHINE, xelf_check_interp(&self->ehdr, &limits));
	self->ehdr.e_ident[0] = 0;
	EXPECT_EQ(XELF_INTERP_NOT_ELF, xelf_check_interp(&self->ehdr, &limits));
}

FIXTURE(segment) {
	struct xelf_segment seg;
};

FIXTURE_VARIANT(segment) {
	Elf64_Phdr phdr;	/* type and flags left out */
	struct xelf_segment want;
};

#define GIVEN(offset, vaddr, filesz, memsz) \
	{ PT_LOAD, PF_R, offset, vaddr, 0, filesz, memsz, 0 }

#define SEGMENT(name, given, ...)			\
	FIXTURE_VARIANT_ADD(segment, name) {				\
		.phdr = given,						\
		.want = { __VA_ARGS__ },				\
	}

/* want: addr, file offset and size, clear addr and size, anon addr and size */
SEGMENT(no_bss, GIVEN(0x1000, 0x5000, 0x1800, 0x1800), 0x5000, 0x1000, 0x2000, 0, 0, 0x7000, 0);
SEGMENT(off_the_page, GIVEN(0x1234, 0x5234, 0x100, 0x100), 0x5000, 0x1000, 0x1000, 0, 0, 0x6000, 0);
SEGMENT(over_a_page_edge, GIVEN(0x1fff, 0x5fff, 2, 2), 0x5000, 0x1000, 0x2000, 0, 0, 0x7000, 0);
SEGMENT(bss_in_the_page, GIVEN(0x1000, 0x5000, 0x800, 0x900),
	0x5000, 0x1000, 0x1000, 0x5800, 0x800, 0x6000, 0);
SEGMENT(bss_past_page, GIVEN(0x1000, 0x5000, 0x800, 0x1801),
	0x5000, 0x1000, 0x1000, 0x5800, 0x800, 0x6000, 0x1000);
SEGMENT(bss_from_a_page_edge, GIVEN(0x1000, 0x5000, 0x1000, 0x1001),
	0x5000, 0x1000, 0x1000, 0x6000, 0, 0x6000, 0x1000);
SEGMENT(bss_alone, GIVEN(0x1000, 0x5000, 0, 0x2000), 0x5000, 0, 0, 0, 0, 0x5000, 0x2000);
SEGMENT(bss_alone_off_the_page, GIVEN(0x1001, 0x5ff0, 0, 0x20), 0x5000, 0, 0, 0, 0, 0x5000, 0x2000);
SEGMENT(nothing, GIVEN(0x1000, 0x5123, 0, 0), 0x5000, 0, 0, 0, 0, 0x5000, 0);

FIXTURE_SETUP(segment)
{
	self->seg = xelf_segment(&variant->phdr, PAGE);
}

FIXTURE_TEARDOWN(segment)
{
}

TEST_F(segment, is_laid_out)
{
	EXPECT_EQ(variant->want.addr, self->seg.addr);
	EXPECT_EQ(variant->want.file_offset, self->seg.file_offset);
	EXPECT_EQ(variant->want.file_size, self->seg.file_size);
	EXPECT_EQ(variant->want.clear_addr, self->seg.clear_addr);
	EXPECT_EQ(variant->want.clear_size, self->seg.clear_size);
	EXPECT_EQ(variant->want.anon_addr, self->seg.anon_addr);
	EXPECT_EQ(variant->want.anon_size, self->seg.anon_size);
}

/* How many a table may have: few, and the most of kernels up to 6.12 and of 7.0. */
FIXTURE(table) {
	Elf64_Phdr *phdrs;	/* of their size exactly */
};

FIXTURE_VARIANT(table) {
	size_t count;
};

FIXTURE_VARIANT_ADD(table, one) { .count = 1 };
FIXTURE_VARIANT_ADD(table, two) { .count = 2 };
FIXTURE_VARIANT_ADD(table, three) { .count = 3 };
FIXTURE_VARIANT_ADD(table, many) { .count = 128 };
FIXTURE_VARIANT_ADD(table, most) { .count = 2048 };

FIXTURE_SETUP(table)
{
	self->phdrs = malloc(variant->count * sizeof(Elf64_Phdr));
	memset(self->phdrs, 0x55, variant->count * sizeof(Elf64_Phdr));
}

FIXTURE_TEARDOWN(table)
{
	free(self->phdrs);
}

/* The highest bit is set, which must not spread; and no two are alike. */
static __u32 number_of(size_t phdr, unsigned int field)
{
	return 0x80000000 | phdr << 8 | field;
}

TEST_F(table, of_ELF32_is_widened_in_place)
{
	char *bytes = xelf_phdrs_in_file(self->phdrs, variant->count, EM_ARM);
	const Elf64_Phdr *phdr = self->phdrs;
	unsigned int field;
	size_t i;

	/* It ends where the memory does. */
	ASSERT_EQ((char *)(self->phdrs + variant->count),
		  bytes + variant->count * 32);
	for (i = 0; i < variant->count; i++) {
		for (field = 0; field < 8; field++) {
			__u32 number = number_of(i, field);

			memcpy(bytes + i * 32 + field * 4, &number, 4);
		}
	}
	xelf_widen_phdrs(self->phdrs, variant->count, EM_ARM);
	for (i = 0; i < variant->count; i++, phdr++) {
		ASSERT_EQ(number_of(i, 0), phdr->p_type);
		ASSERT_EQ(number_of(i, 1), phdr->p_offset);
		ASSERT_EQ(number_of(i, 2), phdr->p_vaddr);
		ASSERT_EQ(number_of(i, 3), phdr->p_paddr);
		ASSERT_EQ(number_of(i, 4), phdr->p_filesz);
		ASSERT_EQ(number_of(i, 5), phdr->p_memsz);
		ASSERT_EQ(number_of(i, 6), phdr->p_flags);
		ASSERT_EQ(number_of(i, 7), phdr->p_align);
	}
}

TEST_F(table, of_ELF64_is_left_as_it_is)
{
	__u8 *bytes = xelf_phdrs_in_file(self->phdrs, variant->count, EM_X86_64);
	size_t size = variant->count * 56, i;

	ASSERT_EQ((__u8 *)self->phdrs, bytes);
	for (i = 0; i < size; i++)
		bytes[i] = i % 251;
	xelf_widen_phdrs(self->phdrs, variant->count, EM_X86_64);
	for (i = 0; i < size; i++)
		ASSERT_EQ(i % 251, bytes[i]);
}

TEST_HARNESS_MAIN
