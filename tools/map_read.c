// SPDX-License-Identifier: GPL-2.0-only
/* An address space, out of /proc/PID: maps, smaps, pagemap, auxv, exe. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

/* Of a larger mapping (4 GiB) the pages are counted, and not looked at. */
#define MAX_PAGES	0x100000
/* Of /proc/PID/stat's flags: a thread of the kernel's own. */
#define PF_KTHREAD	0x00200000

/* Bits 61 to 63 of a word of /proc/PID/pagemap; see proc(5). */
#define PAGEMAP_FILE	0x2000000000000000ULL
#define PAGEMAP_SWAPPED	0x4000000000000000ULL
#define PAGEMAP_PRESENT	0x8000000000000000ULL

/* The process's state as in "R", and its flags. */
static char state_of(const struct task *task, unsigned long *flags)
{
	char *text = task_file(task, "stat", NULL);
	const char *rest = strrchr(text, ')');
	char state = '\0';

	*flags = 0;
	if (rest)
		sscanf(rest, ") %c %*d %*d %*d %*d %*d %lu", &state, flags);
	free(text);
	return state;
}

/* Says why there is nothing to see. */
static int say_why_not(const struct task *task)
{
	char *path = format("/proc/%d/maps", task->pid);
	char *name = format("%d", task->pid);
	unsigned long flags;
	char state = state_of(task, &flags);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = errno;

	if (!state)
		say(name, "there is no such process");
	else if (flags & PF_KTHREAD)
		say(name, "is a thread of the kernel's, which has no address space of its own");
	else if (state == 'Z' || state == 'X')
		say(name, "has ended, and has no address space any more");
	else if (fd < 0)
		say(name, "its mappings cannot be read: %s; %s",
		    strerror(err), geteuid() ?
		    "run this as root (sudo)" :
		    "this needs the capability CAP_SYS_PTRACE where the process lives");
	else
		say(name, "has no mappings: it is about to end");
	if (fd >= 0)
		close(fd);
	free(name);
	free(path);
	return EXIT_REFUSED;
}

/* One line of maps; smaps has the same. Return: false if it is none. */
static bool parse_mapping(struct mapping *mapping, const char *line)
{
	unsigned long long start, end, offset, inode;
	int path = 0;

	*mapping = (struct mapping){ .object = -1 };
	if (sscanf(line, "%llx-%llx %4s %llx %*x:%*x %llu %n", &start, &end,
		   mapping->rights, &offset, &inode, &path) < 5 || !path)
		return false;
	mapping->start = start;
	mapping->end = end;
	mapping->offset = offset;
	mapping->inode = inode;
	mapping->path = format("%s", line + path);
	return true;
}

/* What smaps counts, in KiB; pagemap has the word if it can be read. */
static void parse_count(struct mapping *mapping, const char *line)
{
	size_t page_kib = PAGE_SIZE_SHOWN / 1024;
	unsigned long kib;

	if (sscanf(line, "Rss: %lu", &kib) == 1)
		mapping->file = kib / page_kib;
	if (sscanf(line, "Swap: %lu", &kib) == 1)
		mapping->swapped = kib / page_kib;
	if (sscanf(line, "Anonymous: %lu", &kib) == 1) {
		mapping->anon = kib / page_kib;
		/* What is resident and not anonymous is of a file. */
		mapping->file -= mapping->anon < mapping->file ?
				 mapping->anon : mapping->file;
	}
}

static void read_mappings(struct map *map, char *text)
{
	struct mapping mapping;
	size_t room = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (!parse_mapping(&mapping, line)) {
			if (map->count)
				parse_count(&map->list[map->count - 1], line);
			continue;
		}
		if (map->count == room) {
			room = room ? 2 * room : 64;
			map->list = reallocarray(map->list, room,
						 sizeof(*map->list));
			if (!map->list)
				exit(fail("", "reading the mappings", ENOMEM));
		}
		map->list[map->count++] = mapping;
	}
}

static enum page page_of(__u64 word)
{
	if (word & PAGEMAP_PRESENT)
		return word & PAGEMAP_FILE ? PAGE_FILE : PAGE_ANON;
	return word & PAGEMAP_SWAPPED ? PAGE_SWAPPED : PAGE_ABSENT;
}

static void read_pages(struct mapping *mapping, int fd)
{
	__u64 page_size = PAGE_SIZE_SHOWN;
	size_t count = mapping_pages(mapping), i, j, got;
	__u64 words[512];
	ssize_t size;

	if (count > MAX_PAGES)
		return;
	mapping->pages = allocate(count);
	mapping->file = 0;
	mapping->anon = 0;
	mapping->swapped = 0;
	for (i = 0; i < count; i += got) {
		got = count - i < ARRAY_SIZE(words) ? count - i :
						      ARRAY_SIZE(words);
		size = pread(fd, words, got * sizeof(*words),
			     (mapping->start / page_size + i) * sizeof(*words));
		/* The vsyscall page is above what pagemap knows. */
		if (size < (ssize_t)sizeof(*words))
			return;
		got = size / sizeof(*words);
		for (j = 0; j < got; j++) {
			enum page page = page_of(words[j]);

			mapping->pages[i + j] = page;
			mapping->file += page == PAGE_FILE;
			mapping->anon += page == PAGE_ANON;
			mapping->swapped += page == PAGE_SWAPPED;
		}
	}
}

static void read_pagemap(struct map *map)
{
	char *path = format("/proc/%d/pagemap", map->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t i;

	if (fd < 0)
		say(path, "%s: pages are counted, not shown one by one; root can read it",
		    strerror(errno));
	for (i = 0; fd >= 0 && i < map->count; i++)
		read_pages(&map->list[i], fd);
	if (fd >= 0)
		close(fd);
	free(path);
}

static void read_exe(struct map *map)
{
	char *path = format("/proc/%d/exe", map->pid);
	char target[4096] = "";

	if (readlink(path, target, sizeof(target) - 1) < 0)
		strcpy(target, "?");
	map->program = format("%s", target);
	free(path);
}

/* Pairs that begin with the number of an entry, up to AT_NULL? */
static bool is_auxv(const unsigned long *auxv, size_t words)
{
	size_t i;

	for (i = 0; i + 1 < words && auxv[i]; i += 2)
		if (auxv[i] > 0xffff)
			return false;
	return i + 1 < words;
}

/**
 * auxv_read() - the auxiliary vector of a process
 * @task: the process
 *
 * Return: pairs that end in AT_NULL, for the caller to free; NULL if there are
 * none, or of a word size larger than ours.
 */
unsigned long *auxv_read(const struct task *task)
{
	size_t size, words, i;
	char *text = task_file(task, "auxv", &size);
	const __u32 *narrow = (const __u32 *)text;
	unsigned long *auxv;

	if (is_auxv((unsigned long *)text, size / sizeof(*auxv)))
		return (unsigned long *)text;
	/* A 32-bit program's vector has words of half the size. */
	words = size / sizeof(*narrow);
	auxv = allocate(words * sizeof(*auxv));
	for (i = 0; i < words; i++)
		auxv[i] = narrow[i];
	free(text);
	if (is_auxv(auxv, words))
		return auxv;
	free(auxv);
	return NULL;
}

/**
 * map_read() - read an address space
 * @map: filled in; map_free() is for the caller, in any case
 * @pid: the process; unless it is stopped, it may change meanwhile
 *
 * Return: EXIT_DONE; EXIT_REFUSED after saying why it cannot be read.
 */
int map_read(struct map *map, pid_t pid)
{
	struct task task = { .pid = pid };
	char *text = task_file(&task, "smaps", NULL);

	*map = (struct map){ .pid = pid };
	/* A kernel may be without smaps. */
	if (!*text) {
		free(text);
		text = task_file(&task, "maps", NULL);
	}
	read_mappings(map, text);
	free(text);
	if (!map->count)
		return say_why_not(&task);
	read_pagemap(map);
	read_exe(map);
	map->auxv = auxv_read(&task);
	return EXIT_DONE;
}

/**
 * map_free() - undo map_read() and map_link()
 * @map: the address space
 */
void map_free(struct map *map)
{
	size_t i;

	for (i = 0; i < map->count; i++) {
		free(map->list[i].path);
		free(map->list[i].pages);
	}
	for (i = 0; i < map->object_count; i++) {
		free(map->objects[i].path);
		sections_free(&map->objects[i].elf);
	}
	free(map->objects);
	free(map->list);
	free(map->auxv);
	free(map->program);
}
