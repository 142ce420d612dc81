/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests that make something fail in the middle of an exec: a program
 * with hints, and what must not be held afterwards.
 */
#ifndef XELF_FAULTS_H
#define XELF_FAULTS_H

#include "both.h"
#include "hints_image.h"

#include <sys/syscall.h>

#define MODULE	"binfmt_xelf"

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

/* By what its hints know the interpreter. */
static inline __u64 interp_sum(const char *path)
{
	__u8 head[XELF_INTERP_SUM_SIZE];
	struct stat st;

	if (stat(path, &st))
		die("%s: stat", path);
	return xelf_interp_sum(head, read_file(path, head, sizeof(head)),
			       st.st_size);
}

/* Appends @count runs for the interpreter @interp, which may be NULL. */
static inline void append_hints(const char *path, struct hints_image *hints,
				unsigned int count, const char *interp)
{
	__u8 tail[XELF_HINTS_MAX_SIZE];
	size_t size;
	int fd;

	hints_init(hints, count);
	if (interp)
		hints->footer.interp = interp_sum(interp);
	size = hints_write(tail, hints, count);
	fd = open(path, O_WRONLY | O_APPEND);
	if (fd < 0 || write(fd, tail, size) != size || close(fd))
		die("%s: cannot append", path);
	tag_file_as(path, XELF_VERSION | XELF_FLAG_HINTS);
}

/* Some of the program are written, some of its interpreter read. */
static inline void append_usual_hints(const char *path, const char *interp)
{
	static struct hints_image hints = {
		.runs = {
			{ 4, 4, XELF_HINT_PROGRAM, XELF_HINT_WRITE },
			{ 0, 9, XELF_HINT_INTERP, XELF_HINT_READ },
		},
	};

	append_hints(path, &hints, 2, interp);
}

/* Two that are refused: the tag does not fit, a segment is too large. */
static inline void write_refused(const char *stale, const char *bad_segment)
{
	write_program(stale, ET_DYN, NULL);
	image.bytes[offsetof(Elf_Ehdr, e_flags)] ^= 1;
	write_file(stale, image.bytes, image.size, 0755);
	image_init(&image, ET_DYN);
	image.phdr[PH_DATA].p_memsz = image.phdr[PH_DATA].p_filesz - 1;
	image_write(&image, bad_segment, true);
}

/* A number that whoever runs the test may have set in the environment. */
static inline unsigned long number_of_environment(const char *name,
						  unsigned long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 10) : otherwise;
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
	return !number_in("/sys/module/" MODULE "/refcnt");
}

/* False while it is in use. */
static inline bool unload_module(void)
{
	return !syscall(SYS_delete_module, MODULE, O_NONBLOCK);
}

/* Says why not. */
static inline bool load_module(void)
{
	struct utsname name;
	char path[256];
	bool good;
	int fd;

	if (uname(&name))
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/" MODULE ".ko",
		 name.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	good = fd >= 0 && !syscall(SYS_finit_module, fd, "", 0);
	if (!good)
		perror(path);
	close(fd);
	return good;
}

#endif /* XELF_FAULTS_H */
