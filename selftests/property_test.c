// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of include/xelf/property.h: which notes are accepted, and what they say. */
#include <kselftest_harness.h>

#include <xelf/property.h>

#define UNKNOWN	0xb0000000

/* Words of a note: three, the name, then properties: type, size, data. */
FIXTURE(property) {
	__u32 note[64];
	bool bti;
};

FIXTURE_SETUP(property)
{
	static const __u32 note[] = {
		4, 16, XELF_NOTE_TYPE, 0, XELF_PROPERTY_AARCH64, 4, XELF_PROPERTY_BTI, 0,
	};

	memcpy(self->note, note, sizeof(note));
	memcpy(&self->note[3], XELF_NOTE_NAME, sizeof(XELF_NOTE_NAME));
}

FIXTURE_TEARDOWN(property)
{
}

#define PROPERTY FIXTURE_DATA(property)

static enum xelf_reason check_as(PROPERTY *self, size_t size,
				 size_t align, __u16 machine)
{
	return xelf_check_properties((const __u8 *)self->note, size, align,
				     machine, &self->bti);
}

static enum xelf_reason check(PROPERTY *self)
{
	return check_as(self, XELF_NOTE_HEADER + self->note[1], 8, EM_AARCH64);
}

TEST_F(property, asks_for_bti)
{
	EXPECT_EQ(XELF_OK, check(self));
	EXPECT_TRUE(self->bti);
	self->note[6] = 2;
	EXPECT_EQ(XELF_OK, check(self));
	EXPECT_FALSE(self->bti);
}

TEST_F(property, means_nothing_to_another_machine)
{
	EXPECT_EQ(XELF_OK, check_as(self, 32, 8, EM_X86_64));
	EXPECT_FALSE(self->bti);
	/* Nor need it have the right size there. */
	self->note[5] = 8;
	EXPECT_EQ(XELF_OK, check_as(self, 32, 8, EM_X86_64));
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
}

TEST_F(property, may_be_none)
{
	self->note[1] = 0;
	EXPECT_EQ(XELF_OK, check(self));
	EXPECT_FALSE(self->bti);
}

TEST_F(property, needs_a_whole_header)
{
	EXPECT_EQ(XELF_PROPERTY_UNREADABLE,
		  check_as(self, XELF_NOTE_HEADER - 1, 8, EM_AARCH64));
	EXPECT_EQ(XELF_PROPERTY_BAD, check_as(self, 31, 8, EM_AARCH64));
}

TEST_F(property, needs_its_name_and_type)
{
	self->note[0] = 5;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
	self->note[0] = 4;
	self->note[2] = 1;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
	self->note[2] = XELF_NOTE_TYPE;
	memcpy(&self->note[3], "GNV", 4);
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
}

TEST_F(property, must_fit_with_its_padding)
{
	self->note[5] = 9;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
	/* 12 bytes of properties: the data fits, its padding does not. */
	self->note[5] = 4;
	self->note[1] = 12;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
	EXPECT_EQ(XELF_OK, check_as(self, 28, 4, EM_AARCH64));
	/* Half a property. */
	self->note[1] = 4;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
}

TEST_F(property, must_be_in_order)
{
	static const __u32 two[] = {
		UNKNOWN, 0, XELF_PROPERTY_AARCH64, 4, XELF_PROPERTY_BTI, 0,
	};

	self->note[1] = sizeof(two);
	memcpy(&self->note[4], two, sizeof(two));
	EXPECT_EQ(XELF_OK, check(self));
	EXPECT_TRUE(self->bti);
	/* Twice, and the wrong way round. */
	self->note[4] = XELF_PROPERTY_AARCH64 + 1;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
	self->note[4] = UNKNOWN;
	self->note[6] = UNKNOWN;
	EXPECT_EQ(XELF_PROPERTY_BAD, check(self));
}

TEST_HARNESS_MAIN
