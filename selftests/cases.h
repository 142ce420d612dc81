/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of synthetic images: each has one deviation from a good image. The
 * rows are in cases_*.c, by theme.
 *
 * load_test and refuse_test run them and look at the result; oracle_test.sh
 * has xelf diff compare all that both loaders do with them. Whether an image
 * is loaded, refused or kills is what the kernel's loader does with it.
 */
#ifndef XELF_CASES_H
#define XELF_CASES_H

#include "image.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

/**
 * struct image_set - one member of struct image, given another value
 * @at: offset in struct image
 * @size: bytes; 0: nothing is set
 * @value: the new value
 */
struct image_set {
	size_t at;
	size_t size;
	unsigned long value;
};

/* As in SET(ehdr.e_phnum, 0). */
#define SET(member, new_value)						\
	{								\
		offsetof(struct image, member),				\
		sizeof(((struct image *)NULL)->member),			\
		new_value						\
	}

/**
 * struct image_case - a program, and its interpreter if it has one
 * @name: what deviates; lower case, with dashes; unique in the table
 * @type: ET_* of the program
 * @interp: ET_* of the interpreter; ET_NONE: there is none
 * @set: the deviation, of the program
 * @set_interp: the deviation, of the interpreter
 * @change: the same, where it takes more than one member; may be NULL
 * @change_interp: the same, of the interpreter; may be NULL
 * @damage: what is done to the program's first bytes after it was tagged; may
 *	be NULL
 * @any_end: it need not run to the probe's end, nor be loaded at all: as the
 *	kernel's loader does
 * @reason: why it is refused, as in xelf/stats; NULL: it is not
 * @err: errno of the refusal
 * @rule: by which rule of xelf diff the loaders may differ; NULL: they do not
 * @runs_since: the first kernel whose own loader lets it run, as KERNEL();
 *	0: all do
 * @refused_until: the first kernel that does not refuse it any more, as
 *	KERNEL(); 0: @reason is as it says
 */
struct image_case {
	const char *name;
	int type;
	int interp;
	struct image_set set;
	struct image_set set_interp;
	void (*change)(struct image *image);
	void (*change_interp)(struct image *image);
	void (*damage)(unsigned char *first);
	bool any_end;
	const char *reason;
	int err;
	const char *rule;
	unsigned int runs_since;
	unsigned int refused_until;
};

/* The types of program and interpreter. */
#define EXEC		ET_EXEC, ET_NONE
#define EXEC_INTERP	ET_EXEC, ET_DYN
#define EXEC_EXEC	ET_EXEC, ET_EXEC
#define PIE		ET_DYN, ET_DYN
#define PIE_EXEC	ET_DYN, ET_EXEC
#define STATIC		ET_DYN, ET_NONE

/* Refused, as the kernel's loader does; or where it would kill. */
#define REFUSED(why, errno_value)	.reason = (why), .err = (errno_value)
#define REFUSED_EARLY(why)		REFUSED(why, EINVAL), .rule = "refused-early"
#define INTERP_EARLY(why)		REFUSED(why, ELIBBAD), .rule = "refused-early"
#define TAG_REFUSED(why)		REFUSED(why, EBADMSG), .rule = "tag-refused"

/* One deviation in a program and in an interpreter, or in all kinds of them. */
#define PROGRAM_AND_INTERP(name, ...)				\
	{ name, EXEC, .set = __VA_ARGS__ },			\
	{ "interp-" name, PIE, .set_interp = __VA_ARGS__ }
#define PROGRAM_AND_INTERP_CHANGED(name, function)		\
	{ name, EXEC, .change = function },			\
	{ "interp-" name, PIE, .change_interp = function }
#define EACH_KIND(name, ...)					\
	{ name, EXEC, .set = __VA_ARGS__ },			\
	{ "pie-" name, PIE, .set = __VA_ARGS__ },		\
	{ "static-pie-" name, STATIC, .set = __VA_ARGS__ },	\
	{ "interp-" name, PIE, .set_interp = __VA_ARGS__ }
#define EACH_KIND_CHANGED(name, function)			\
	{ name, EXEC, .change = function },			\
	{ "pie-" name, PIE, .change = function },		\
	{ "static-pie-" name, STATIC, .change = function },	\
	{ "interp-" name, PIE, .change_interp = function }

/* The rows of one theme. */
struct case_list {
	const struct image_case *cases;
	size_t count;
};

extern const struct case_list abi_cases, header_cases, segment_cases, bss_cases,
			      place_cases, interp_cases, property_cases,
			      tag_cases;

/* Room for a path, and what is put behind the program's for the interpreter's. */
#define CASE_PATH_SIZE	4096
#define INTERP_SUFFIX	".interp"

/*
 * The case of that number, as it is with the running kernel; NULL past the
 * last. Valid until the next call.
 */
const struct image_case *case_at(size_t number);

/* The case of that name; NULL if there is none. */
const struct image_case *case_find(const char *name);

/*
 * Writes the case's program, tagged, to @program, and its interpreter beside
 * it, with INTERP_SUFFIX. Returns false if it has no interpreter.
 */
bool case_write(const struct image_case *c, const char *program);

/* Adds @by to the addresses of the good image's PT_LOADs, and to the entry. */
void image_move(struct image *image, unsigned long by);

#endif /* XELF_CASES_H */
