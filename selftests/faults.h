/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests that make something fail in the middle of an exec: a program
 * with hints, and what must not be held afterwards.
 */
#ifndef XELF_FAULTS_H
#define XELF_FAULTS_H

#include "both.h"
#include "hints_image.h"

/* An image, with its program headers in its head, or @far behind all else. */
static inline void write_far_image(const char *path, int type,
				   const char *interp, bool far, bool tagged)
{
	image_init(&image, type);
	if (far) {
		image.table = IMAGE_INTERP + 0x1000;
		image.size = image.table + sizeof(image.phdr);
		image.ehdr.e_phoff = image.table;
	}
	if (interp)
		image_interp(&image, interp);
	if (far)
		image.size = image.table + sizeof(image.phdr);
	image_write(&image, path, tagged);
}

/* Appends @count runs for the interpreter @interp, which may be NULL. */
static inline void append_hints(const char *path, struct hints_image *hints,
				unsigned int count, const char *interp)
{
	__u8 head[XELF_INTERP_SUM_SIZE], tail[XELF_HINTS_MAX_SIZE];
	struct stat st;
	size_t size;
	int fd;

	hints_init(hints, count);
	if (interp) {
		if (stat(interp, &st))
			die("%s: stat", interp);
		size = read_file(interp, head, sizeof(head));
		hints->footer.interp = xelf_interp_sum(head, size, st.st_size);
	}
	size = hints_write(tail, hints, count);
	fd = open(path, O_WRONLY | O_APPEND);
	if (fd < 0 || write(fd, tail, size) != size || close(fd))
		die("%s: cannot append", path);
	tag_file_as(path, XELF_VERSION | XELF_FLAG_HINTS);
}

/* Can it be written, as it cannot while it is being run? */
static inline bool can_be_written(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Becomes true soon; what ends a task, and its files, may end after it. */
static inline bool soon(bool (*holds)(void))
{
	int tries;

	for (tries = 0; tries < 2000; tries++) {
		if (holds())
			return true;
		usleep(1000);
	}
	return false;
}

static inline bool module_is_unused(void)
{
	return !number_in("/sys/module/binfmt_xelf/refcnt");
}

#endif /* XELF_FAULTS_H */
