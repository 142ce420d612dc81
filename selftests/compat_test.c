// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tagged programs of 32 bits, of i386 or 32-bit ARM, on a kernel of 64: not for
 * this module, which hands them on to the kernel's own loader. And what a
 * program of 32 bits leaves to a tagged one of 64 that it executes; and that it
 * cannot load the module, which would learn from it.
 */
#include "both.h"

#define PROGRAM	"/tmp/compat_test.program"
#define MODULE	"/lib/modules/%s/extra/binfmt_xelf.ko"
#define BASE	0x00010000
#define STATUS	7

/*
 * exits: with STATUS.
 * executes: its first argument, with the arguments from there on; exits with
 *	the error if that fails.
 * loads: the module in the file that is its first argument; exits with the
 *	error, or 0. Its parameters are none: the second byte of argc, a zero.
 *
 * The stack pointer is at argc, argv[0], argv[1].
 */
#if defined(__x86_64__)

#define COMPAT_MACHINE	EM_386
#define COMPAT_FLAGS	0

static const unsigned char exits[] = {
	0xbb, STATUS, 0x00, 0x00, 0x00,	/* mov $STATUS, %ebx */
	0xb8, 0x01, 0x00, 0x00, 0x00,	/* mov $1, %eax: exit */
	0xcd, 0x80,			/* int $0x80 */
};

static const unsigned char executes[] = {
	0x8b, 0x5c, 0x24, 0x08,		/* mov 8(%esp), %ebx: path */
	0x8d, 0x4c, 0x24, 0x08,		/* lea 8(%esp), %ecx: argv */
	0x31, 0xd2,			/* xor %edx, %edx: envp */
	0xb8, 0x0b, 0x00, 0x00, 0x00,	/* mov $11, %eax: execve */
	0xcd, 0x80,			/* int $0x80 */
	0xf7, 0xd8,			/* neg %eax */
	0x89, 0xc3,			/* mov %eax, %ebx */
	0xb8, 0x01, 0x00, 0x00, 0x00,	/* mov $1, %eax: exit */
	0xcd, 0x80,			/* int $0x80 */
};

static const unsigned char loads[] = {
	0x8b, 0x5c, 0x24, 0x08,		/* mov 8(%esp), %ebx: path */
	0x31, 0xc9,			/* xor %ecx, %ecx: O_RDONLY */
	0xb8, 0x05, 0x00, 0x00, 0x00,	/* mov $5, %eax: open */
	0xcd, 0x80,			/* int $0x80 */
	0x89, 0xc3,			/* mov %eax, %ebx: fd */
	0x8d, 0x4c, 0x24, 0x01,		/* lea 1(%esp), %ecx: parameters */
	0x31, 0xd2,			/* xor %edx, %edx: flags */
	0xb8, 0x5e, 0x01, 0x00, 0x00,	/* mov $350, %eax: finit_module */
	0xcd, 0x80,			/* int $0x80 */
	0xf7, 0xd8,			/* neg %eax */
	0x89, 0xc3,			/* mov %eax, %ebx */
	0xb8, 0x01, 0x00, 0x00, 0x00,	/* mov $1, %eax: exit */
	0xcd, 0x80,			/* int $0x80 */
};

#elif defined(__aarch64__)

#define COMPAT_MACHINE	EM_ARM
#define COMPAT_FLAGS	EF_ARM_EABI_VER5

static const unsigned char exits[] = {
	STATUS, 0x00, 0xa0, 0xe3,	/* mov r0, #STATUS */
	0x01, 0x70, 0xa0, 0xe3,		/* mov r7, #1: exit */
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */
};

static const unsigned char executes[] = {
	0x08, 0x00, 0x9d, 0xe5,		/* ldr r0, [sp, #8]: path */
	0x08, 0x10, 0x8d, 0xe2,		/* add r1, sp, #8: argv */
	0x00, 0x20, 0xa0, 0xe3,		/* mov r2, #0: envp */
	0x0b, 0x70, 0xa0, 0xe3,		/* mov r7, #11: execve */
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */
	0x00, 0x00, 0x60, 0xe2,		/* rsb r0, r0, #0 */
	0x01, 0x70, 0xa0, 0xe3,		/* mov r7, #1: exit */
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */
};

static const unsigned char loads[] = {
	0x08, 0x00, 0x9d, 0xe5,		/* ldr r0, [sp, #8]: path */
	0x00, 0x10, 0xa0, 0xe3,		/* mov r1, #0: O_RDONLY */
	0x05, 0x70, 0xa0, 0xe3,		/* mov r7, #5: open */
	0x00, 0x00, 0x00, 0xef,		/* svc #0: fd */
	0x01, 0x10, 0x8d, 0xe2,		/* add r1, sp, #1: parameters */
	0x00, 0x20, 0xa0, 0xe3,		/* mov r2, #0: flags */
	0x7b, 0x71, 0x00, 0xe3,		/* movw r7, #379: finit_module */
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */
	0x00, 0x00, 0x60, 0xe2,		/* rsb r0, r0, #0 */
	0x01, 0x70, 0xa0, 0xe3,		/* mov r7, #1: exit */
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */
};

#else

/* Its kernel has programs of one width: this is not run there. */
#define COMPAT_MACHINE	EM_NONE
#define COMPAT_FLAGS	0

static const unsigned char exits[1], executes[1], loads[1];

#endif

struct program {
	Elf32_Ehdr ehdr;
	Elf32_Phdr phdr;
	unsigned char code[64];
};

static void write_compat(const unsigned char *code, size_t size)
{
	struct program p = {
		.ehdr = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = COMPAT_MACHINE,
			.e_flags = COMPAT_FLAGS,
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

	memcpy(p.code, code, size);
	write_file(PROGRAM, &p, sizeof(p), 0755);
}

FIXTURE(compat)
{
	struct run how;
	struct run r[2];
};

FIXTURE_SETUP(compat)
{
	struct run plain = {};

	write_compat(exits, sizeof(exits));
	run(PROGRAM, &plain);
	if (plain.err == ENOEXEC)
		SKIP(return, "this kernel or processor runs no programs of 32 bits");
	ASSERT_EQ(0, plain.err);
	ASSERT_EQ(STATUS << 8, plain.status);
	self->how = plain;
}

FIXTURE_TEARDOWN(compat)
{
	unlink(PROGRAM);
	/* Where a test has failed before that. */
	command("modprobe binfmt_xelf");
}

TEST_F(compat, a_tagged_one_is_run_by_the_kernels_loader)
{
	long handed_on = counter("refused-other-machine");

	tag_file(PROGRAM);
	/* No load, with the module switched off or on. */
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(STATUS << 8, self->r[1].status);
	EXPECT_EQ(1, counter("refused-other-machine") - handed_on);
}

TEST_F(compat, it_may_execute_a_tagged_one_of_64_bits)
{
	char *const argv[] = { PROGRAM, PROGRAM ".64", NULL };

	write_compat(executes, sizeof(executes));
	write_program(PROGRAM ".64", ET_EXEC, NULL);
	self->how.argv = argv;
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
	unlink(PROGRAM ".64");
}

TEST_F(compat, it_cannot_load_the_module)
{
	char module[256];
	char *const argv[] = { PROGRAM, module, NULL };
	struct utsname name;

	ASSERT_EQ(0, uname(&name));
	snprintf(module, sizeof(module), MODULE, name.release);
	ASSERT_EQ(0, access(module, R_OK));
	write_compat(loads, sizeof(loads));
	self->how.argv = argv;
	/* That it could load it, were it not loaded. */
	run(PROGRAM, &self->how);
	EXPECT_EQ(EEXIST << 8, self->how.status);

	ASSERT_TRUE(command("rmmod binfmt_xelf"));
	run(PROGRAM, &self->how);
	EXPECT_EQ(0, self->how.err);
	EXPECT_EQ(ENOEXEC << 8, self->how.status);
	EXPECT_NE(0, access(XELF_STATS, F_OK));
	EXPECT_TRUE(command("dmesg | grep -q 'must be loaded by a native ELF program'"));
	/* A program of 64 bits can. */
	EXPECT_TRUE(command("modprobe binfmt_xelf"));
	EXPECT_EQ(0, access(XELF_STATS, F_OK));
}

TEST_HARNESS_MAIN
