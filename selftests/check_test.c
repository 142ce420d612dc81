// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of include/xelf/check.h, the tag and the ELF header, and of how
 * class.h reads that header.
 */
#include <kselftest_harness.h>

#include <xelf/check.h>

static const struct xelf_limits limits = {
	.task_size = 0x7ffffffff000,
	.page_size = 4096,
	.phdrs_size = 4096,
	.machine = EM_X86_64,
};

FIXTURE(tag) {
	__u8 first[XELF_CHECKED_SIZE];
};

static void sign(__u8 *first)
{
	__u16 crc = xelf_tag_crc(first);

	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
}

FIXTURE_SETUP(tag)
{
	int i;

	for (i = 0; i < XELF_CHECKED_SIZE; i++)
		self->first[i] = 3 * i;
	memcpy(self->first, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE);
	memcpy(self->first + XELF_TAG_OFFSET, XELF_TAG_MAGIC,
	       XELF_TAG_MAGIC_SIZE);
	self->first[XELF_VERSION_OFFSET] = XELF_VERSION;
	sign(self->first);
}

FIXTURE_TEARDOWN(tag)
{
}

TEST(crc_is_modbus)
{
	static const char check[] = "123456789";

	EXPECT_EQ(0x4b37, xelf_crc16(0xffff, (const __u8 *)check, 9));
	EXPECT_EQ(0xffff, xelf_crc16(0xffff, NULL, 0));
}

TEST_F(tag, crc_takes_its_own_bytes_as_zero)
{
	__u16 crc = xelf_tag_crc(self->first);

	self->first[XELF_CRC_OFFSET] ^= 0xff;
	self->first[XELF_CRC_OFFSET + 1] ^= 0xff;
	EXPECT_EQ(crc, xelf_tag_crc(self->first));
}

TEST_F(tag, crc_is_the_one_of_each_byte_in_turn)
{
	int i, k;

	srand(1);
	for (i = 0; i < 1000; i++) {
		__u16 crc = xelf_tag_crc(self->first);

		self->first[XELF_CRC_OFFSET] = 0;
		self->first[XELF_CRC_OFFSET + 1] = 0;
		EXPECT_EQ(crc, xelf_crc16(0xffff, self->first,
					  XELF_CHECKED_SIZE));
		for (k = 0; k < XELF_CHECKED_SIZE; k++)
			self->first[k] = rand();
	}
}

TEST_F(tag, accepts_a_valid_tag)
{
	EXPECT_TRUE(xelf_is_tagged(self->first));
	EXPECT_FALSE(xelf_is_exclusive(self->first));
	EXPECT_EQ(XELF_OK, xelf_check_tag(self->first));
}

TEST_F(tag, accepts_the_exclusive_form)
{
	memcpy(self->first, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
	sign(self->first);
	EXPECT_TRUE(xelf_is_tagged(self->first));
	EXPECT_TRUE(xelf_is_exclusive(self->first));
	EXPECT_EQ(XELF_OK, xelf_check_tag(self->first));
}

TEST_F(tag, accepts_the_hints_flag)
{
	self->first[XELF_VERSION_OFFSET] |= XELF_FLAG_HINTS;
	sign(self->first);
	EXPECT_EQ(XELF_OK, xelf_check_tag(self->first));
}

TEST_F(tag, leaves_other_magics_alone)
{
	int i;

	for (i = 0; i < XELF_MAGIC_SIZE; i++) {
		self->first[i] ^= 1;
		EXPECT_FALSE(xelf_is_tagged(self->first));
		EXPECT_EQ(XELF_NOT_TAGGED, xelf_check_tag(self->first));
		self->first[i] ^= 1;
	}
}

TEST_F(tag, leaves_other_padding_alone)
{
	int i;

	for (i = 0; i < XELF_TAG_MAGIC_SIZE; i++) {
		self->first[XELF_TAG_OFFSET + i] ^= 1;
		EXPECT_FALSE(xelf_is_tagged(self->first));
		EXPECT_EQ(XELF_NOT_TAGGED, xelf_check_tag(self->first));
		self->first[XELF_TAG_OFFSET + i] ^= 1;
	}
}

/* Each single-bit change: refused, or no longer ours, and never accepted. */
TEST_F(tag, notices_any_changed_bit)
{
	int bit;

	for (bit = 0; bit < XELF_CHECKED_SIZE * 8; bit++) {
		self->first[bit / 8] ^= 1 << bit % 8;
		EXPECT_NE(XELF_OK, xelf_check_tag(self->first)) {
			TH_LOG("bit %d", bit);
		}
		self->first[bit / 8] ^= 1 << bit % 8;
	}
}

/* An unknown version is said before its checksum is looked at. */
TEST_F(tag, checks_version_then_flags_then_crc)
{
	self->first[XELF_VERSION_OFFSET] = 0xf0 | 2;
	EXPECT_EQ(XELF_UNKNOWN_VERSION, xelf_check_tag(self->first));
	self->first[XELF_VERSION_OFFSET] = 0xf0 | XELF_VERSION;
	EXPECT_EQ(XELF_UNKNOWN_FLAGS, xelf_check_tag(self->first));
	self->first[XELF_VERSION_OFFSET] = XELF_FLAG_HINTS | XELF_VERSION;
	EXPECT_EQ(XELF_STALE_TAG, xelf_check_tag(self->first));
}

TEST_F(tag, refuses_each_unknown_flag)
{
	int flag;

	for (flag = 0x20; flag <= 0x80; flag <<= 1) {
		self->first[XELF_VERSION_OFFSET] = flag | XELF_VERSION;
		sign(self->first);
		EXPECT_EQ(XELF_UNKNOWN_FLAGS, xelf_check_tag(self->first));
	}
}

FIXTURE(header) {
	Elf64_Ehdr ehdr;
};

FIXTURE_SETUP(header)
{
	self->ehdr = (Elf64_Ehdr){
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
}

FIXTURE_TEARDOWN(header)
{
}

TEST_F(header, accepts_programs)
{
	EXPECT_EQ(XELF_OK, xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_type = ET_DYN;
	EXPECT_EQ(XELF_OK, xelf_check_header(&self->ehdr, &limits));
}

TEST_F(header, refuses_other_types)
{
	static const int types[] = { ET_NONE, ET_REL, ET_CORE, 0xffff };
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		self->ehdr.e_type = types[i];
		EXPECT_EQ(XELF_NOT_EXECUTABLE_TYPE,
			  xelf_check_header(&self->ehdr, &limits));
	}
}

TEST_F(header, refuses_other_machines)
{
	self->ehdr.e_machine = EM_386;
	EXPECT_EQ(XELF_OTHER_MACHINE, xelf_check_header(&self->ehdr, &limits));
}

TEST_F(header, refuses_other_ABIs_of_32_bit_ARM)
{
	struct xelf_limits arm = limits;

	arm.machine = EM_ARM;
	self->ehdr.e_machine = EM_ARM;
	self->ehdr.e_phentsize = sizeof(Elf32_Phdr);
	self->ehdr.e_entry = 0x10000;
	EXPECT_EQ(XELF_OK, xelf_check_header(&self->ehdr, &arm));
	/* Thumb's. */
	self->ehdr.e_entry = 0x10003;
	EXPECT_EQ(XELF_OK, xelf_check_header(&self->ehdr, &arm));
	self->ehdr.e_entry = 0x10002;
	EXPECT_EQ(XELF_OTHER_ABI, xelf_check_header(&self->ehdr, &arm));
	self->ehdr.e_entry = 0x10000;
	self->ehdr.e_ident[EI_OSABI] = XELF_OSABI_ARM_FDPIC;
	EXPECT_EQ(XELF_OTHER_ABI, xelf_check_header(&self->ehdr, &arm));
}

TEST_F(header, refuses_other_entry_sizes)
{
	self->ehdr.e_phentsize = sizeof(Elf64_Phdr) - 1;
	EXPECT_EQ(XELF_OTHER_PHENTSIZE,
		  xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_phentsize = sizeof(Elf64_Phdr) + 1;
	EXPECT_EQ(XELF_OTHER_PHENTSIZE,
		  xelf_check_header(&self->ehdr, &limits));
}

TEST_F(header, limits_the_number_of_headers)
{
	self->ehdr.e_phnum = 0;
	EXPECT_EQ(XELF_NO_PHDRS, xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_phnum = 4096 / sizeof(Elf64_Phdr);
	EXPECT_EQ(XELF_OK, xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_phnum++;
	EXPECT_EQ(XELF_TOO_MANY_PHDRS, xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_phnum = 0xffff;
	EXPECT_EQ(XELF_TOO_MANY_PHDRS, xelf_check_header(&self->ehdr, &limits));
}

/* All of these are wrong, and the kernel's loader minds none. */
TEST_F(header, ignores_what_the_kernel_ignores)
{
	memset(self->ehdr.e_ident, 0xff, EI_NIDENT);
	self->ehdr.e_version = 7;
	self->ehdr.e_ehsize = 1;
	self->ehdr.e_flags = ~0;
	EXPECT_EQ(XELF_OK, xelf_check_header(&self->ehdr, &limits));
}

TEST_F(header, checks_type_then_machine_then_table)
{
	self->ehdr = (Elf64_Ehdr){};
	EXPECT_EQ(XELF_NOT_EXECUTABLE_TYPE,
		  xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_type = ET_DYN;
	EXPECT_EQ(XELF_OTHER_MACHINE, xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_machine = EM_X86_64;
	EXPECT_EQ(XELF_OTHER_PHENTSIZE,
		  xelf_check_header(&self->ehdr, &limits));
	self->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	EXPECT_EQ(XELF_NO_PHDRS, xelf_check_header(&self->ehdr, &limits));
}

TEST(only_32_bit_ARM_is_ELF32)
{
	static const __u16 others[] = {
		EM_NONE, EM_386, EM_X86_64, EM_AARCH64, 0xffff,
	};
	unsigned int i;

	EXPECT_TRUE(xelf_is_elf32(EM_ARM));
	EXPECT_EQ(52, xelf_ehdr_size(EM_ARM));
	EXPECT_EQ(32, xelf_phdr_size(EM_ARM));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		EXPECT_FALSE(xelf_is_elf32(others[i]));
		EXPECT_EQ(64, xelf_ehdr_size(others[i]));
		EXPECT_EQ(56, xelf_phdr_size(others[i]));
	}
}

/*
 * No two bytes are alike, and each has its highest bit, which must not spread.
 * The memory ends where they do.
 */
static __u8 *header_bytes(size_t size)
{
	__u8 *bytes = malloc(size);
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = 0x80 + i;
	return bytes;
}

TEST(every_field_of_an_ELF32_header_is_widened)
{
	__u8 *bytes = header_bytes(52);
	Elf64_Ehdr ehdr;

	memset(&ehdr, 0x55, sizeof(ehdr));
	/* What it says of its machine and its class does not count. */
	xelf_widen_ehdr(&ehdr, bytes, EM_ARM);
	EXPECT_EQ(0, memcmp(ehdr.e_ident, bytes, EI_NIDENT));
	EXPECT_EQ(0x9190, ehdr.e_type);
	EXPECT_EQ(0x9392, ehdr.e_machine);
	EXPECT_EQ(0x97969594, ehdr.e_version);
	EXPECT_EQ(0x9b9a9998, ehdr.e_entry);
	EXPECT_EQ(0x9f9e9d9c, ehdr.e_phoff);
	EXPECT_EQ(0xa3a2a1a0, ehdr.e_shoff);
	EXPECT_EQ(0xa7a6a5a4, ehdr.e_flags);
	EXPECT_EQ(0xa9a8, ehdr.e_ehsize);
	EXPECT_EQ(0xabaa, ehdr.e_phentsize);
	EXPECT_EQ(0xadac, ehdr.e_phnum);
	EXPECT_EQ(0xafae, ehdr.e_shentsize);
	EXPECT_EQ(0xb1b0, ehdr.e_shnum);
	EXPECT_EQ(0xb3b2, ehdr.e_shstrndx);
	free(bytes);
}

TEST(an_ELF64_header_is_taken_as_it_is)
{
	__u8 *bytes = header_bytes(64);
	Elf64_Ehdr ehdr;

	memset(&ehdr, 0x55, sizeof(ehdr));
	xelf_widen_ehdr(&ehdr, bytes, EM_X86_64);
	EXPECT_EQ(0, memcmp(&ehdr, bytes, sizeof(ehdr)));
	free(bytes);
}

/* A refused broken tag must never reach the next format. */
TEST(a_broken_tag_is_never_ENOEXEC)
{
	EXPECT_EQ(EBADMSG, xelf_reason_errno(XELF_UNKNOWN_VERSION));
	EXPECT_EQ(EBADMSG, xelf_reason_errno(XELF_UNKNOWN_FLAGS));
	EXPECT_EQ(EBADMSG, xelf_reason_errno(XELF_STALE_TAG));
}

TEST(every_reason_has_a_name_of_its_own)
{
	int a, b;

	for (a = XELF_OK; a < XELF_REASON_COUNT; a++) {
		ASSERT_STRNE("?", xelf_reason_name(a));
		for (b = a + 1; b < XELF_REASON_COUNT; b++)
			EXPECT_STRNE(xelf_reason_name(a), xelf_reason_name(b));
	}
	EXPECT_STREQ("?", xelf_reason_name(XELF_REASON_COUNT));
	EXPECT_EQ(0, xelf_reason_errno(XELF_OK));
	EXPECT_EQ(0, xelf_reason_errno(XELF_REASON_COUNT));
}

TEST_HARNESS_MAIN
