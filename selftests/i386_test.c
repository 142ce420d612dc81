// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tagged programs of 32 bits: not for this module, which hands them on to the
 * kernel's own loader. And what a program of 32 bits leaves to a tagged one of
 * 64 that it executes.
 */
#include "both.h"

#define PROGRAM	"/tmp/i386_test.program"
#define BASE	0x08048000
#define STATUS	7

/*
 * With no argument: exits with STATUS. Else executes its first argument, and
 * exits with the error if that fails. %esp: argc, argv[0], argv[1].
 */
static const unsigned char code[] = {
	0x83, 0x3c, 0x24, 0x01,		/* cmpl $1, (%esp) */
	0x74, 0x13,			/* je exit */
	0x8b, 0x5c, 0x24, 0x08,		/* mov 8(%esp), %ebx: path */
	0x8d, 0x4c, 0x24, 0x08,		/* lea 8(%esp), %ecx: argv */
	0x31, 0xd2,			/* xor %edx, %edx: envp */
	0xb8, 0x0b, 0x00, 0x00, 0x00,	/* mov $11, %eax: execve */
	0xcd, 0x80,			/* int $0x80 */
	0xeb, 0x05,			/* jmp out */
	0xb8, STATUS, 0x00, 0x00, 0x00,	/* exit: mov $STATUS, %eax */
	0x89, 0xc3,			/* out: mov %eax, %ebx */
	0xb8, 0x01, 0x00, 0x00, 0x00,	/* mov $1, %eax: exit */
	0xcd, 0x80,			/* int $0x80 */
};

struct program {
	Elf32_Ehdr ehdr;
	Elf32_Phdr phdr;
	unsigned char code[sizeof(code)];
};

static void write_i386(void)
{
	struct program p = {
		.ehdr = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = BASE + offsetof(struct program, code),
			.e_phoff = offsetof(struct program, phdr),
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1,
		},
		.phdr = {
			.p_type = PT_LOAD,
			.p_vaddr = BASE,
			.p_filesz = sizeof(p),
			.p_memsz = sizeof(p),
			.p_flags = PF_R | PF_X,
			.p_align = 4096,
		},
	};

	memcpy(p.code, code, sizeof(code));
	write_file(PROGRAM, &p, sizeof(p), 0755);
}

FIXTURE(i386)
{
	struct run how;
	struct run r[2];
};

FIXTURE_SETUP(i386)
{
	struct run plain = {};

	write_i386();
	run(PROGRAM, &plain);
	if (plain.err == ENOEXEC)
		SKIP(return, "this kernel runs no programs of 32 bits");
	ASSERT_EQ(0, plain.err);
	ASSERT_EQ(STATUS << 8, plain.status);
	self->how = plain;
}

FIXTURE_TEARDOWN(i386)
{
	unlink(PROGRAM);
}

TEST_F(i386, a_tagged_one_is_run_by_the_kernels_loader)
{
	long handed_on = counter("refused-other-machine");

	tag_file(PROGRAM);
	/* No load, with the module switched off or on. */
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(STATUS << 8, self->r[1].status);
	EXPECT_EQ(1, counter("refused-other-machine") - handed_on);
}

TEST_F(i386, it_may_execute_a_tagged_one_of_64_bits)
{
	char *const argv[] = { PROGRAM, PROGRAM ".64", NULL };

	write_program(PROGRAM ".64", ET_EXEC, NULL);
	self->how.argv = argv;
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
	unlink(PROGRAM ".64");
}

TEST_HARNESS_MAIN
