// SPDX-License-Identifier: GPL-2.0-only
/* Cases of the tag. The kernel's loader sees only padding there. */
#include "cases.h"
#include "xelf_test.h"

static void set_version(unsigned char *first, unsigned char version)
{
	first[XELF_VERSION_OFFSET] = version;
}

/* The checksum of a tag that was changed. */
static void seal(unsigned char *first)
{
	__u16 crc = xelf_tag_crc(first);

	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
}

static void version_0(unsigned char *first)
{
	set_version(first, 0);
}

static void version_2(unsigned char *first)
{
	set_version(first, 2);
}

static void version_2_sealed(unsigned char *first)
{
	set_version(first, 2);
	seal(first);
}

static void flag_0x20_sealed(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] |= 0x20;
	seal(first);
}

static void flag_0x80(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] |= 0x80;
}

static void hints_sealed(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] |= XELF_FLAG_HINTS;
	seal(first);
}

static void hints(unsigned char *first)
{
	first[XELF_VERSION_OFFSET] |= XELF_FLAG_HINTS;
}

static void crc_low_off_by_one(unsigned char *first)
{
	first[XELF_CRC_OFFSET]++;
}

static void entry_patched(unsigned char *first)
{
	first[offsetof(Elf_Ehdr, e_entry)]++;
}

static void program_header_patched(unsigned char *first)
{
	first[sizeof(Elf_Ehdr)]++;
}

static void last_byte_patched(unsigned char *first)
{
	first[XELF_CHECKED_SIZE - 1] ^= 1;
}

/* The third program header's p_paddr, which the checksum does not cover. */
static void byte_after_patched(unsigned char *first)
{
	enum {
		AT = sizeof(Elf_Ehdr) + PH_DATA * sizeof(Elf_Phdr) +
		     offsetof(Elf_Phdr, p_paddr),
	};

	_Static_assert(AT >= XELF_CHECKED_SIZE, "it is covered");
	first[AT] ^= 1;
}

static void exclusive(struct image *i)
{
	memcpy(i->ehdr.e_ident, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
}

/* As when a tagged file's magic is changed by hand. */
static void made_exclusive(unsigned char *first)
{
	memcpy(first, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
}

/* As a file of the exclusive form of which somebody changed the magic. */
static void made_plain(unsigned char *first)
{
	memcpy(first, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
	seal(first);
	memcpy(first, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE);
}

#define VERSION		TAG_REFUSED("unknown-version")
#define FLAGS		TAG_REFUSED("unknown-flags")
#define STALE		TAG_REFUSED("stale-tag")
#define RULE_EXCLUSIVE	.rule = "exclusive-form"

static const struct image_case cases[] = {
	{ "tag-version-0", EXEC, .damage = version_0, VERSION },
	{ "tag-version-2", EXEC, .damage = version_2, VERSION },
	{ "tag-version-2-sealed", EXEC, .damage = version_2_sealed, VERSION },
	{ "tag-flag-0x20-sealed", EXEC, .damage = flag_0x20_sealed, FLAGS },
	{ "tag-flag-0x80", EXEC, .damage = flag_0x80, FLAGS },
	{ "tag-flag-hints", EXEC, .damage = hints, STALE },
	{ "tag-flag-hints-sealed", EXEC, .damage = hints_sealed },
	{ "tag-crc-low-off-by-one", EXEC, .damage = crc_low_off_by_one,
	  STALE },
	{ "tag-entry-patched", EXEC, .damage = entry_patched, STALE },
	{ "tag-program-header-patched", EXEC,
	  .damage = program_header_patched, STALE },
	{ "tag-last-byte-patched", EXEC, .damage = last_byte_patched, STALE },
	{ "tag-byte-after-patched", EXEC, .damage = byte_after_patched },
	{ "tag-pie-stale", PIE, .damage = crc_low_off_by_one, STALE },
	{ "tag-made-exclusive", EXEC, .damage = made_exclusive, STALE },
	{ "tag-made-plain", EXEC, .damage = made_plain, STALE },

	{ "exclusive-exec", EXEC, .change = exclusive, RULE_EXCLUSIVE },
	{ "exclusive-pie", PIE, .change = exclusive, RULE_EXCLUSIVE },
};

const struct case_list tag_cases = { cases, ARRAY_SIZE(cases) };
