// SPDX-License-Identifier: GPL-2.0-only
/*
 * PT_GNU_PROPERTY. A kernel looks at it on machines that have a use for it, of
 * those of ours on arm64: there the last is parsed, of the interpreter if there
 * is one; elsewhere all of these load.
 */
#include <errno.h>
#include <linux/types.h>
#include <string.h>

#include "cases.h"
#include "machine.h"

#define PT_PROPERTY	0x6474e553
/* Properties: that of arm64, with its bit for BTI, and such as no kernel knows. */
#define FEATURES	0xc0000000
#define BTI		1
#define LOWER		0xb0000000
#define HIGHER		0xc0008000

/* A note of one property, as linkers make it. */
struct note {
	__u32 name_size;
	__u32 size;
	__u32 type;
	char name[4];
	__u32 property[64];
};

static const struct note good = {
	.name_size = 4,
	.size = 16,
	.type = 5,
	.name = "GNU",
	.property = { FEATURES, 4, BTI },
};

static void add_note(struct image *i, const struct note *note, size_t size)
{
	Elf_Phdr *phdr = image_add(i, PT_PROPERTY);

	memcpy(i->bytes + IMAGE_DATA, note, sizeof(*note));
	phdr->p_offset = IMAGE_DATA;
	phdr->p_filesz = size;
	phdr->p_memsz = size;
}

/* A good note with these changes; bytes of it, 0: as many as it says. */
#define NOTE(id, bytes, ...)						\
	static void id(struct image *i)					\
	{								\
		struct note note = good;				\
									\
		__VA_ARGS__;						\
		add_note(i, &note, (bytes) ? (bytes) : 16 + note.size);	\
	}

#define PROPERTIES(...)							\
	do {								\
		static const __u32 words[] = { __VA_ARGS__ };		\
									\
		memcpy(note.property, words, sizeof(words));		\
		note.size = sizeof(words);				\
	} while (0)

NOTE(bti, 0, (void)0)
NOTE(features_without_bti, 0, note.property[2] = 2)
NOTE(no_properties, 0, note.size = 0)
NOTE(lower_and_bti, 0, PROPERTIES(LOWER, 8, 1, 2, FEATURES, 4, BTI, 0))
NOTE(bti_and_higher, 0, PROPERTIES(FEATURES, 4, BTI, 0, HIGHER, 0))
NOTE(largest, 1024, (void)0)
NOTE(more_than_it_says, 64, (void)0)
NOTE(too_large, 1025, (void)0)
NOTE(size_max, ~0UL, (void)0)
NOTE(only_a_header, 15, (void)0)
NOTE(less_than_it_says, 31, (void)0)
NOTE(other_type, 0, note.type = 1)
NOTE(other_name, 0, note.name[0] = 'H')
NOTE(name_of_five, 0, note.name_size = 5)
NOTE(half_a_property, 0, PROPERTIES(FEATURES))
NOTE(data_past_the_end, 0, note.property[1] = 9)
NOTE(data_max, 0, note.property[1] = ~0U)
NOTE(no_room_to_align, 0, PROPERTIES(FEATURES, 4, BTI))
NOTE(twice, 0, PROPERTIES(FEATURES, 4, BTI, 0, FEATURES, 4, BTI, 0))
NOTE(not_sorted, 0, PROPERTIES(HIGHER, 0, FEATURES, 4, BTI, 0))
NOTE(features_of_8_bytes, 0, note.property[1] = 8)

static void past_the_end(struct image *i)
{
	bti(i);
	i->phdr[i->ehdr.e_phnum - 1].p_offset = IMAGE_SIZE;
}

static void bad_then_good(struct image *i)
{
	other_type(i);
	bti(i);
}

/* Another one behind it is the last; it need not have bytes. */
static void good_then_empty(struct image *i)
{
	bti(i);
	image_add(i, PT_PROPERTY);
}

/* What the loader keeps for itself in p_flags. */
static void private_flag(struct image *i)
{
	i->phdr[PH_CODE].p_flags |= 0x0ff00000;
}

#define LOADS
#ifdef TEST_HAS_PROPERTIES
#define BAD		REFUSED("property-bad", ENOEXEC)
#define UNREADABLE	REFUSED("property-unreadable", EIO)
#define UNREADABLE_OR_TYPE	UNREADABLE
#else
#define BAD
#define UNREADABLE
#define UNREADABLE_OR_TYPE	INTERP_EARLY("interpreter-not-executable-type")
#endif

/* In all kinds of images; of a program with an interpreter it is not read. */
#define IN_EACH(name, function, ...)					\
	{ "property-" name, EXEC, .change = function, __VA_ARGS__ },	\
	{ "static-pie-property-" name, STATIC, .change = function,	\
	  __VA_ARGS__ },						\
	{ "pie-property-" name, PIE, .change = function },		\
	{ "interp-property-" name, PIE, .change_interp = function,	\
	  __VA_ARGS__ }

static const struct image_case cases[] = {
	IN_EACH("bti", bti, LOADS),
	IN_EACH("without-bti", features_without_bti, LOADS),
	IN_EACH("none", no_properties, LOADS),
	IN_EACH("lower-and-bti", lower_and_bti, LOADS),
	IN_EACH("bti-and-higher", bti_and_higher, LOADS),
	IN_EACH("largest", largest, LOADS),
	IN_EACH("more-than-it-says", more_than_it_says, LOADS),
	IN_EACH("too-large", too_large, BAD),
	IN_EACH("size-max", size_max, BAD),
	IN_EACH("only-a-header", only_a_header, UNREADABLE),
	IN_EACH("past-the-end", past_the_end, UNREADABLE),
	IN_EACH("empty", good_then_empty, UNREADABLE),
	IN_EACH("less-than-it-says", less_than_it_says, BAD),
	IN_EACH("other-type", other_type, BAD),
	IN_EACH("other-name", other_name, BAD),
	IN_EACH("name-of-five", name_of_five, BAD),
	IN_EACH("half", half_a_property, BAD),
	IN_EACH("data-past-the-end", data_past_the_end, BAD),
	IN_EACH("data-max", data_max, BAD),
	IN_EACH("no-room-to-align", no_room_to_align, BAD),
	IN_EACH("twice", twice, BAD),
	IN_EACH("not-sorted", not_sorted, BAD),
	IN_EACH("of-8-bytes", features_of_8_bytes, BAD),
	IN_EACH("bad-then-good", bad_then_good, LOADS),
	IN_EACH("flag-of-ours", private_flag, LOADS),

	/* The kernel looks at the type when the old program is gone. */
	{ "interp-type-and-property", PIE, .set_interp = SET(ehdr.e_type, ET_CORE),
	  .change_interp = only_a_header, UNREADABLE_OR_TYPE },
};

const struct case_list property_cases = { cases, ARRAY_SIZE(cases) };
