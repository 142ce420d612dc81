/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the source files of the command `xelf` share. What a XELF file is and
 * what refuses it stands in include/xelf/ alone.
 */
#ifndef _TOOLS_XELF_H
#define _TOOLS_XELF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <xelf/plan.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "xelf: the headers of little-endian files are used as they lie"
#endif

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __printf(fmt, args)	__attribute__((__format__(__printf__, fmt, args)))

/* For printf()'s %llx, whatever type __u64 and Elf64_Addr are. */
#define HEX(value)		((unsigned long long)(value))

#ifndef XELF_TOOL_VERSION
#define XELF_TOOL_VERSION	"0.1"
#endif

/**
 * enum exit_status - what the command ends with
 * @EXIT_DONE: all was done; of `check`: every file is valid
 * @EXIT_REFUSED: a file was refused, or something failed
 * @EXIT_USAGE: the command line is wrong
 * @EXIT_NOT_XELF: `check` alone: a file carries no tag, and none was refused
 */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_XELF = 3,
};

/**
 * struct options - the options of all sub-commands
 * @out: -o: where to write the result, or NULL for in place
 * @exclusive: --exclusive: a magic that only binfmt_xelf runs
 * @force: --force: go on where the user may know better
 * @json: --json: for programs rather than people
 * @aslr: --aslr: runs of each loader, with randomisation; 0: compare one run
 * @rules: --rules: print what may differ on purpose
 * @no_hints: --no-hints: cut the hints trailer off
 * @timeout: --timeout: seconds that a program may run; 0: as it is without
 * @no_force: the command that the user gave has no --force
 */
struct options {
	const char *out;
	bool exclusive;
	bool force;
	bool json;
	bool rules;
	bool no_hints;
	unsigned long aslr;
	unsigned int timeout;
	bool no_force;
};

/* Bytes; the pages that segments are shown and checked in. */
#define PAGE_SIZE_SHOWN	4096

/**
 * struct file - a regular file that is open for reading
 * @name: as the user gave it
 * @path: the same with symbolic links followed; NULL if not asked for
 * @fd: the file
 * @st: as it was when the file was opened
 * @size: bytes
 * @first: its first bytes, zero past the end of a shorter file
 * @ehdr: the same as an ELF header
 */
struct file {
	const char *name;
	char *path;
	int fd;
	struct stat st;
	__u64 size;
	__u8 first[XELF_CHECKED_SIZE];
	Elf64_Ehdr ehdr;
};

/**
 * struct rewrite - what a file is to be
 * @ident: EI_NIDENT bytes that it is to begin with
 * @keep: bytes of the old file that are kept, from the start
 * @tail: what is to follow them
 * @tail_size: bytes of it
 */
struct rewrite {
	const __u8 *ident;
	__u64 keep;
	const void *tail;
	size_t tail_size;
};

/**
 * struct image - what a file would be to the loader
 * @file: the file
 * @limits: what the machine that it is for allows
 * @phdrs: the program headers, or NULL if they were not read
 * @plan: made from them; valid if @phdrs is
 * @interp: the interpreter's path, or NULL
 * @reason: why exec would refuse the file, or XELF_OK
 * @err: the errno that goes with @reason
 * @detail: the reason in words and numbers, or NULL
 */
struct image {
	const struct file *file;
	const struct xelf_limits *limits;
	Elf64_Phdr *phdrs;
	struct xelf_plan plan;
	char *interp;
	enum xelf_reason reason;
	int err;
	char *detail;
};

/* The tag's fields, whatever they hold; @first as in struct file. */
static inline unsigned int tag_version(const __u8 *first)
{
	return first[XELF_VERSION_OFFSET] & XELF_VERSION_MASK;
}

static inline unsigned int tag_flags(const __u8 *first)
{
	return first[XELF_VERSION_OFFSET] & XELF_FLAGS_MASK;
}

static inline unsigned int tag_crc(const __u8 *first)
{
	return first[XELF_CRC_OFFSET] | first[XELF_CRC_OFFSET + 1] << 8;
}

/* xelf.c */
__printf(2, 3) void say(const char *name, const char *fmt, ...);
__printf(2, 3) void warn(const char *name, const char *fmt, ...);
__printf(3, 4) int refuse(const char *name, const char *reason, const char *fmt,
			  ...);
int fail(const char *name, const char *what, int err);
void print_usage_of(const char *name, FILE *to);
unsigned long number_of(const char *text, unsigned long max);

/* file.c */
int file_open(struct file *file, const char *name, bool resolve);
int file_read(const struct file *file, void *to, size_t size, __u64 offset);
bool file_is_elf(const struct file *file);
void file_close(struct file *file);

/* replace.c */
int file_replace(const struct file *file, const struct rewrite *with,
		 const struct options *opt);

/* attributes.c */
int attributes_need_force(const struct file *file, bool in_place,
			  const struct options *opt);
int attributes_copy(const struct file *file, int to, bool in_place);
int attributes_unlock(const struct file *file, int *locks);
int attributes_lock(int fd, int locks);

/* tag.c */
int tag_check(const struct file *file, const struct options *opt);
void tag_make(__u8 *first, bool exclusive, unsigned int flags);

/* machine.c */
bool machine_is_this(unsigned int machine);
bool machine_has_pages(const char *command);
const struct xelf_limits *machine_limits(unsigned int machine);
unsigned int machine_class(unsigned int machine);

/* image.c */
void image_read(struct image *img, const struct file *file, bool open_interp);
void image_free(struct image *img);
const char *reason_text(enum xelf_reason reason);
const char *errno_name(int err);

/* kind.c */
const char *shared_object_sign(const struct image *img);

/* lint.c */
void lint(const struct image *img);

/* text.c */
void *allocate(size_t size);
__printf(1, 0) char *vformat(const char *fmt, va_list args);
__printf(1, 2) char *format(const char *fmt, ...);
char *escaped(const char *str);
void print_shown(const char *str, FILE *to);
char *shown(const char *str);
void print_json_string(const char *str);
const char *machine_name(unsigned int machine);
const char *type_name(unsigned int type);
const char *phdr_type_name(__u32 type);

/* the sub-commands */
int command_tag(const struct options *opt, char **files);
int command_untag(const struct options *opt, char **files);
int command_check(const struct options *opt, char **files);
int command_dump(const struct options *opt, char **files);
int command_diff(const struct options *opt, char **argv);
int command_bench(int argc, char **argv);
int command_map(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_record(int argc, char **argv);

#endif /* _TOOLS_XELF_H */
