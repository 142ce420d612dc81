// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens a regular file and reads from it within bounds. Never maps it: a
 * mapped file that shrinks kills its reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xelf.h"

static const char *special_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	default:
		return "something odd";
	}
}

static int refuse_special(const char *name, mode_t mode)
{
	return refuse(name, "special-file", "is %s, not a regular file",
		      special_name(mode));
}

/* Reads what there is, up to @size bytes. Return: bytes, or -errno. */
static ssize_t read_some(int fd, void *to, size_t size, off_t offset)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = pread(fd, (char *)to + done, size - done, offset + done);
		if (!got)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		done += got;
	}
	return done;
}

/* The ELF header from a file's first bytes, which are there. */
static void file_header(struct file *file)
{
	__u16 machine;

	memcpy(&machine, file->first + offsetof(Elf64_Ehdr, e_machine),
	       sizeof(machine));
	xelf_widen_ehdr(&file->ehdr, file->first, machine);
}

/**
 * file_open() - open a regular file and read its first bytes
 * @file: filled in; file_close() is for the caller in any case
 * @name: as the user gave it
 * @resolve: also find out the path behind symbolic links
 *
 * Whatever @name names, nothing blocks. Says so itself if it fails.
 *
 * Return: EXIT_DONE or EXIT_REFUSED.
 */
int file_open(struct file *file, const char *name, bool resolve)
{
	const char *path = name;
	ssize_t got;

	*file = (struct file){ .name = name, .fd = -1 };
	if (resolve) {
		file->path = realpath(name, NULL);
		if (!file->path)
			return fail(name, "cannot find it", errno);
		path = file->path;
	}
	/* Opening a device may already do something: look first. */
	if (stat(path, &file->st))
		return fail(name, "cannot find it", errno);
	if (!S_ISREG(file->st.st_mode))
		return refuse_special(name, file->st.st_mode);
	file->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			      (resolve ? O_NOFOLLOW : 0));
	if (file->fd < 0)
		return fail(name, "cannot open it", errno);
	if (fstat(file->fd, &file->st))
		return fail(name, "cannot look at it", errno);
	if (!S_ISREG(file->st.st_mode))
		return refuse_special(name, file->st.st_mode);
	file->size = file->st.st_size;
	got = read_some(file->fd, file->first, sizeof(file->first), 0);
	if (got < 0)
		return fail(name, "cannot read it", -got);
	file_header(file);
	return EXIT_DONE;
}

/**
 * file_read() - read a piece of a file, whole or not at all
 * @file: opened by file_open()
 * @to: where to
 * @size: bytes
 * @offset: bytes from the file's start, as the file itself may give it
 *
 * Return: 0; -EIO if the piece is not all there, -EINVAL if no file can have it,
 * as the kernel has it too; or what the read gave.
 */
int file_read(const struct file *file, void *to, size_t size, __u64 offset)
{
	ssize_t got;

	if (offset > LLONG_MAX)
		return -EINVAL;
	if (offset > file->size || size > file->size - offset)
		return -EIO;
	got = read_some(file->fd, to, size, offset);
	if (got < 0)
		return got;
	return (size_t)got == size ? 0 : -EIO;
}

/**
 * file_is_elf() - is the magic an ELF file's, or the exclusive form's?
 * @file: opened by file_open()
 *
 * Return: true if so.
 */
bool file_is_elf(const struct file *file)
{
	return !memcmp(file->first, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE) ||
	       xelf_is_exclusive(file->first);
}

/**
 * file_close() - undo file_open(), whether or not that succeeded
 * @file: the file
 */
void file_close(struct file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
}
