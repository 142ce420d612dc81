/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of `xelf map` share: an address space as the kernel shows it,
 * and the files that were mapped into it as the linker left them.
 */
#ifndef _TOOLS_MAP_H
#define _TOOLS_MAP_H

#include "diff.h"
#include "sections.h"

/**
 * enum moment - when to look at a program
 * @AT_EXEC: right after its exec, before its first instruction
 * @AT_PROGRAM_ENTRY: at the entry of its own file; ld.so is through by then
 * @AT_EXIT: when it is about to end, with its memory still there
 * @AT_TIME: after some seconds, or when somebody asks for it by Ctrl-C
 */
enum moment {
	AT_EXEC,
	AT_PROGRAM_ENTRY,
	AT_EXIT,
	AT_TIME,
};

/**
 * enum role - what a mapped file is to the process
 * @ROLE_PROGRAM: what /proc/PID/exe is
 * @ROLE_INTERPRETER: what AT_BASE points to
 * @ROLE_LIBRARY: another ELF file, mapped by its segments
 * @ROLE_KERNEL: the vDSO, which the kernel brings
 * @ROLE_FILE: any other file
 */
enum role {
	ROLE_PROGRAM,
	ROLE_INTERPRETER,
	ROLE_LIBRARY,
	ROLE_KERNEL,
	ROLE_FILE,
};

/**
 * struct padding - bytes that alignment costs
 * @around: in the pages of segments, before and after the segments themselves
 * @holes: of addresses between the pages of one segment and the next
 * @file: in the file, between the contents of segments
 * @sections: in segments, between one section and the next
 */
struct padding {
	__u64 around;
	__u64 holes;
	__u64 file;
	__u64 sections;
};

/**
 * struct object - a file that is mapped, once
 * @path: as in /proc/PID/maps
 * @inode: of the file
 * @role: what it is
 * @elf: its headers; nothing in them for ROLE_FILE
 * @bias: what was added to the file's addresses
 * @padding: what its alignment costs
 */
struct object {
	char *path;
	__u64 inode;
	enum role role;
	struct sections elf;
	__u64 bias;
	struct padding padding;
};

/* What is known of a page, one byte each. */
enum page {
	PAGE_ABSENT = 0,
	PAGE_FILE = 'f',	/* shared with the page cache, or shared memory */
	PAGE_ANON = 'a',	/* the process's own: written, or never of a file */
	PAGE_SWAPPED = 's',
};

/**
 * struct mapping - one of the kernel's VMAs
 * @start: its first address
 * @end: the first address behind it
 * @rights: as in "r-xp"
 * @offset: bytes; where in the file it begins
 * @inode: of the file; 0 if there is none
 * @path: the file, or a name in brackets, or ""
 * @object: index of the object that it is part of, or -1
 * @pages: enum page for each page; NULL if they are too many to look at, or may
 *	not be looked at
 * @file: number of pages in memory that are PAGE_FILE
 * @anon: number of pages in memory that are PAGE_ANON
 * @swapped: number of pages that are PAGE_SWAPPED
 */
struct mapping {
	__u64 start;
	__u64 end;
	char rights[5];
	__u64 offset;
	__u64 inode;
	char *path;
	int object;
	unsigned char *pages;
	size_t file;
	size_t anon;
	size_t swapped;
};

/**
 * struct map - an address space
 * @pid: the process
 * @program: what /proc/PID/exe is
 * @when: when it was looked at, in words
 * @auxv: the auxiliary vector, as auxv_read() has it
 * @list: the mappings, by address; @count of them
 * @count: their number
 * @objects: what is mapped; @object_count of them
 * @object_count: their number
 */
struct map {
	pid_t pid;
	char *program;
	const char *when;
	unsigned long *auxv;
	struct mapping *list;
	size_t count;
	struct object *objects;
	size_t object_count;
};

/* map_run.c */
char *find_in_path(const char *name);
int map_run(struct task *task, char **argv, enum moment *moment,
	    unsigned int seconds);
void map_run_end(struct task *task);

/* map_read.c */
unsigned long *auxv_read(const struct task *task);
int map_read(struct map *map, pid_t pid);
void map_free(struct map *map);

/* map_link.c */
void map_link(struct map *map);
bool mapping_has_segment(const struct map *map, const struct mapping *mapping,
			 const GElf_Phdr *phdr);
bool mapping_has_section(const struct map *map, const struct mapping *mapping,
			 const struct section *section);
bool mapping_is_relro(const struct map *map, const struct mapping *mapping);
const char *mapping_kind(const struct map *map, const struct mapping *mapping);
const char *role_name(enum role role);

/* map_text.c */
char *size_text(__u64 size, char *room);
void map_print(const struct map *map);

/* map_json.c */
void map_print_json(const struct map *map);

/* map_svg.c */
int map_draw(const struct map *map, const char *path);

/* Pages of a mapping. */
static inline size_t mapping_pages(const struct mapping *mapping)
{
	return (mapping->end - mapping->start) / PAGE_SIZE_SHOWN;
}

#endif /* _TOOLS_MAP_H */
