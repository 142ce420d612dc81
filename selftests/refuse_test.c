// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that cannot be loaded: the errno, the reason that is counted, and
 * that nothing is left behind.
 *
 * Each differs from a good image in one thing. Where the kernel's loader gives
 * an errno for the same bytes, ours must be the same; where it kills the task,
 * ours is an errno; a broken tag is ours alone.
 */
#include <kselftest.h>

#include "image.h"
#include "probe.h"
#include "xelf_test.h"

#define PROGRAM	"/tmp/refuse_test.program"
#define INTERP	"/tmp/refuse_test.interp"

struct fault {
	const char *reason;	/* as in xelf/stats */
	const char *what;
	int err;		/* ours */
	int type;
	int interp;
	void (*change)(struct image *program);
	void (*change_interp)(struct image *interp);
	void (*damage)(unsigned char *first);	/* after tagging */
};

static void version_two(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] = 2;
}

static void version_zero(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] = 0;
}

static void flag_unknown(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] |= 0x80;
}

static void crc_off_by_one(unsigned char *first)
{
	first[XELF_CRC_OFFSET]++;
}

static void entry_patched(unsigned char *first)
{
	first[24]++;
}

static void last_checked_byte(unsigned char *first)
{
	first[XELF_CHECKED_SIZE - 1] ^= 1;
}

static void relocatable(struct image *i)
{
	i->ehdr.e_type = ET_REL;
}

static void core_file(struct image *i)
{
	i->ehdr.e_type = ET_CORE;
}

static void arm64(struct image *i)
{
	i->ehdr.e_machine = EM_AARCH64;
}

static void i386(struct image *i)
{
	i->ehdr.e_machine = EM_386;
	i->ehdr.e_phentsize = sizeof(Elf32_Phdr);
}

static void phentsize_of_32_bits(struct image *i)
{
	i->ehdr.e_phentsize = sizeof(Elf32_Phdr);
}

static void phentsize_off_by_one(struct image *i)
{
	i->ehdr.e_phentsize++;
}

static void phnum_zero(struct image *i)
{
	i->ehdr.e_phnum = 0;
}

static void phnum_74(struct image *i)
{
	i->ehdr.e_phoff = 0x8000;
	i->size = 0xa000;
	while (i->ehdr.e_phnum < 74)
		image_add(i, PT_NOTE);
}

static void phnum_max(struct image *i)
{
	i->ehdr.e_phnum = 0xffff;
}

static void phoff_past_the_end(struct image *i)
{
	i->ehdr.e_phoff = i->size;
}

static void phoff_negative(struct image *i)
{
	i->ehdr.e_phoff = -8;
}

static void phoff_short_by_one(struct image *i)
{
	i->ehdr.e_phoff = i->size - i->ehdr.e_phnum * sizeof(Elf64_Phdr) + 1;
}

static void interp_empty(struct image *i)
{
	i->phdr[PH_INTERP].p_filesz = 1;
}

static void interp_too_long(struct image *i)
{
	i->phdr[PH_INTERP].p_filesz = 4097;
	i->size = IMAGE_INTERP + 4097;
}

static void interp_unterminated(struct image *i)
{
	i->phdr[PH_INTERP].p_filesz--;
}

static void interp_past_the_end(struct image *i)
{
	i->phdr[PH_INTERP].p_offset = i->size;
}

static void interp_cut_off(struct image *i)
{
	i->size--;
}

static void interp_offset_negative(struct image *i)
{
	i->phdr[PH_INTERP].p_offset = -1;
}

static void interp_missing(struct image *i)
{
	i->bytes[IMAGE_INTERP + 5] = '?';
}

static void interp_of_two_nulls(struct image *i)
{
	i->bytes[IMAGE_INTERP] = 0;
	i->bytes[IMAGE_INTERP + 1] = 0;
	i->phdr[PH_INTERP].p_filesz = 2;
}

static void interp_is_a_directory(struct image *i)
{
	strcpy((char *)i->bytes + IMAGE_INTERP, "/tmp");
}

static void cut_to_63(struct image *i)
{
	i->size = 63;
}

static void no_elf_magic(struct image *i)
{
	i->ehdr.e_ident[3] = 'f';
}

static void vaddr_at_the_limit(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr = task_size();
}

static void vaddr_in_the_kernel(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr = 0xffffffff80000000 + IMAGE_DATA;
}

static void vaddr_not_canonical(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr = task_size() + 0x1000 + IMAGE_DATA;
}

static void memsz_over_the_limit(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = task_size();
}

static void memsz_max(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = ~0UL;
}

static void filesz_above_memsz(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = i->phdr[PH_DATA].p_filesz - 1;
}

static void offset_off_by_one(struct image *i)
{
	i->phdr[PH_DATA].p_offset++;
}

static void offset_wraps(struct image *i)
{
	i->phdr[PH_DATA].p_offset = -0x1000UL;
}

static void no_memory_spanned(struct image *i)
{
	int n;

	for (n = PH_HEADERS; n <= PH_DATA; n++) {
		i->phdr[n].p_vaddr = 0x1000;
		i->phdr[n].p_filesz = 0;
		i->phdr[n].p_memsz = 0;
	}
}

static void entry_out_of_range(struct image *i)
{
	i->ehdr.e_entry = task_size();
}

static void no_loads(struct image *i)
{
	int n;

	for (n = PH_HEADERS; n <= PH_DATA; n++)
		i->phdr[n].p_type = PT_NULL;
}

#define EXEC	ET_EXEC, ET_NONE
#define PIE	ET_DYN, ET_DYN
#define STATIC	ET_DYN, ET_NONE

static const struct fault faults[] = {
	{ "unknown-version", "2", EBADMSG, EXEC, .damage = version_two },
	{ "unknown-version", "0", EBADMSG, EXEC, .damage = version_zero },
	{ "unknown-flags", "0x80", EBADMSG, EXEC, .damage = flag_unknown },
	{ "stale-tag", "checksum", EBADMSG, EXEC, .damage = crc_off_by_one },
	{ "stale-tag", "entry patched", EBADMSG, EXEC,
	  .damage = entry_patched },
	{ "stale-tag", "byte 127", EBADMSG, EXEC, .damage = last_checked_byte },

	{ "not-executable-type", "ET_REL", ENOEXEC, EXEC, relocatable },
	{ "not-executable-type", "ET_CORE", ENOEXEC, EXEC, core_file },
	{ "other-machine", "AArch64", ENOEXEC, EXEC, arm64 },
	/* Its headers mean nothing as 32-bit ones: nobody runs it. */
	{ "other-machine", "i386", ENOEXEC, EXEC, i386 },
	{ "other-phentsize", "32-bit", ENOEXEC, EXEC, phentsize_of_32_bits },
	{ "other-phentsize", "57", ENOEXEC, EXEC, phentsize_off_by_one },
	{ "no-program-headers", "e_phnum 0", ENOEXEC, EXEC, phnum_zero },
	{ "too-many-program-headers", "74", ENOEXEC, EXEC, phnum_74 },
	{ "too-many-program-headers", "65535", ENOEXEC, EXEC, phnum_max },
	{ "program-headers-unreadable", "past the end", ENOEXEC, EXEC,
	  phoff_past_the_end },
	{ "program-headers-unreadable", "negative", ENOEXEC, EXEC,
	  phoff_negative },
	{ "program-headers-unreadable", "short by one byte", ENOEXEC, EXEC,
	  phoff_short_by_one },
	{ "program-headers-unreadable", "a file of 63 bytes", ENOEXEC, EXEC,
	  cut_to_63 },

	{ "interpreter-path-size", "1", ENOEXEC, PIE, interp_empty },
	{ "interpreter-path-size", "4097", ENOEXEC, PIE, interp_too_long },
	{ "interpreter-path-unterminated", "by one byte", ENOEXEC, PIE,
	  interp_unterminated },
	{ "interpreter-path-unreadable", "past the end", EIO, PIE,
	  interp_past_the_end },
	{ "interpreter-path-unreadable", "short by one byte", EIO, PIE,
	  interp_cut_off },
	{ "interpreter-path-unreadable", "negative offset", EINVAL, PIE,
	  interp_offset_negative },
	{ "interpreter-not-opened", "missing", ENOENT, PIE, interp_missing },
	{ "interpreter-not-opened", "two null bytes", EACCES, PIE,
	  interp_of_two_nulls },
	{ "interpreter-not-opened", "a directory", EACCES, PIE,
	  interp_is_a_directory },
	{ "interpreter-unreadable", "63 bytes", EIO, PIE,
	  .change_interp = cut_to_63 },
	{ "interpreter-not-elf", "magic", ELIBBAD, PIE,
	  .change_interp = no_elf_magic },
	{ "interpreter-other-machine", "AArch64", ELIBBAD, PIE,
	  .change_interp = arm64 },
	{ "interpreter-bad-program-headers", "none", ELIBBAD, PIE,
	  .change_interp = phnum_zero },
	{ "interpreter-bad-program-headers", "entry size", ELIBBAD, PIE,
	  .change_interp = phentsize_off_by_one },
	{ "interpreter-bad-program-headers", "past the end", ELIBBAD, PIE,
	  .change_interp = phoff_past_the_end },
	{ "interpreter-not-executable-type", "ET_REL", ELIBBAD, PIE,
	  .change_interp = relocatable },
	{ "interpreter-bad-segments", "none", ELIBBAD, PIE,
	  .change_interp = no_loads },
	{ "interpreter-bad-segments", "file size", ELIBBAD, PIE,
	  .change_interp = filesz_above_memsz },
	{ "interpreter-bad-segments", "offset", ELIBBAD, PIE,
	  .change_interp = offset_off_by_one },
	{ "interpreter-bad-segments", "a fixed one's address", ELIBBAD,
	  ET_DYN, ET_EXEC, .change_interp = vaddr_in_the_kernel },
	{ "interpreter-bad-segments", "a fixed one's entry", ELIBBAD,
	  ET_DYN, ET_EXEC, .change_interp = entry_out_of_range },

	{ "vaddr-out-of-range", "at the limit", EINVAL, EXEC,
	  vaddr_at_the_limit },
	{ "vaddr-out-of-range", "in the kernel", EINVAL, EXEC,
	  vaddr_in_the_kernel },
	{ "vaddr-out-of-range", "not canonical", EINVAL, EXEC,
	  vaddr_not_canonical },
	{ "vaddr-out-of-range", "memory size", EINVAL, EXEC,
	  memsz_over_the_limit },
	{ "vaddr-out-of-range", "largest memory size", EINVAL, PIE, memsz_max },
	{ "filesz-exceeds-memsz", "by one", EINVAL, EXEC, filesz_above_memsz },
	{ "offset-misaligned", "by one", EINVAL, EXEC, offset_off_by_one },
	{ "offset-out-of-range", "wraps", EINVAL, EXEC, offset_wraps },
	{ "empty-image", "all segments empty", EINVAL, STATIC,
	  no_memory_spanned },
	{ "entry-out-of-range", "at the limit", EINVAL, EXEC,
	  entry_out_of_range },
};

static struct image image;

static void write_fault(const struct fault *fault)
{
	if (fault->interp != ET_NONE) {
		image_init(&image, fault->interp);
		if (fault->change_interp)
			fault->change_interp(&image);
		image_write(&image, INTERP, false);
	}
	image_init(&image, fault->type);
	if (fault->interp != ET_NONE)
		image_interp(&image, INTERP);
	if (fault->change)
		fault->change(&image);
	image_write(&image, PROGRAM, true);
	if (fault->damage) {
		fault->damage(image.bytes);
		write_file(PROGRAM, image.bytes, image.size, 0755);
	}
}

/* A refused exec must not leave either file write-protected. */
static bool writable(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0) {
		ksft_print_msg("%s: %s\n", path, strerror(errno));
		return false;
	}
	close(fd);
	return true;
}

static bool refused(const struct fault *fault)
{
	struct run theirs = {}, ours = {};
	char name[64];
	long count;

	snprintf(name, sizeof(name), "refused-%s", fault->reason);
	write_fault(fault);
	run_under(false, PROGRAM, &theirs);
	count = counter(name);
	run_under(true, PROGRAM, &ours);
	count = counter(name) - count;

	if (ours.err != fault->err) {
		ksft_print_msg("errno %d, not %d; status %x\n", ours.err,
			       fault->err, ours.status);
		return false;
	}
	if (theirs.err && theirs.err != ours.err) {
		ksft_print_msg("the kernel's loader gives errno %d, ours %d\n",
			       theirs.err, ours.err);
		return false;
	}
	/* Being stricter is for what would have been killed anyway. */
	if (!theirs.err && !fault->damage && !WIFSIGNALED(theirs.status)) {
		ksft_print_msg("the kernel's loader runs it: status %x\n",
			       theirs.status);
		return false;
	}
	/* Up to 6.12, when nobody takes a file, the formats are asked twice. */
	if (count != 1 && !(ours.err == ENOEXEC && count == 2)) {
		ksft_print_msg("counted %ld times\n", count);
		return false;
	}
	return writable(PROGRAM) &&
	       (fault->interp == ET_NONE || writable(INTERP));
}

/* The twin of them all: the same images, unchanged, run. */
static bool runs(int type, int interp)
{
	const struct fault good = { .type = type, .interp = interp };
	struct run r = {};

	write_fault(&good);
	run_under(true, PROGRAM, &r);
	return !r.err && WIFEXITED(r.status) &&
	       WEXITSTATUS(r.status) == PROBE_STATUS;
}

int main(void)
{
	size_t i;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(faults) + 4);
	ksft_test_result(runs(EXEC), "a good fixed program runs\n");
	ksft_test_result(runs(PIE), "a good PIE runs\n");
	ksft_test_result(runs(STATIC), "a good static PIE runs\n");
	ksft_test_result(runs(ET_DYN, ET_EXEC),
			 "a good fixed interpreter runs\n");
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		ksft_test_result(refused(&faults[i]), "refuses %s: %s\n",
				 faults[i].reason, faults[i].what);
	unlink(PROGRAM);
	unlink(INTERP);
	ksft_finished();
}
