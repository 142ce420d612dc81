// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a file anew with other first or last bytes: beside the old one, synced, and
 * renamed over it, so that at any moment the name leads to a whole file.
 *
 * From the moment the temporary file is there, signals are held and nothing
 * may end the program but the end of this file's work.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "xelf.h"

#define COPY_CHUNK	(16 << 20)

/**
 * struct replacement - a file on its way
 * @file: the old file
 * @in_place: the new file takes the old one's name
 * @dir: the directory of the new file
 * @base: the new file's name in it
 * @tmp: the new file, open for writing until it is whole: once it has its
 *	name, an exec of it must not find a writer (ETXTBSY)
 * @done: the new file, open for reading
 * @tmp_name: its name until it is in place
 * @leased: nobody can open the old file for writing unnoticed
 */
struct replacement {
	const struct file *file;
	bool in_place;
	int dir;
	char *base;
	int tmp;
	int done;
	char tmp_name[16];
	bool leased;
};

static const int fatal_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

static void hold_signals(sigset_t *old)
{
	static const int faults[] = { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGABRT };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&all, faults[i]);
	sigprocmask(SIG_BLOCK, &all, old);
}

static bool interrupted(void)
{
	sigset_t pending;
	size_t i;

	sigpending(&pending);
	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		if (sigismember(&pending, fatal_signals[i]))
			return true;
	return false;
}

/* Splits a path and opens its directory. */
static int open_directory(struct replacement *rep, const char *path)
{
	char *dir = format("%s", path);
	char *slash = strrchr(dir, '/');
	const char *open_name = ".";

	rep->base = format("%s", slash ? slash + 1 : dir);
	if (slash) {
		slash[slash == dir] = '\0';
		open_name = dir;
	}
	rep->dir = open(open_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* One may create files in a directory that one may not list. */
	if (rep->dir < 0)
		rep->dir = open(open_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (rep->dir < 0)
		return fail(path, "cannot open its directory", errno);
	return EXIT_DONE;
}

/* -o: a new name, or a regular file that will be replaced. */
static int find_out(struct replacement *rep, const char *out)
{
	struct stat st;
	int status;
	char *path;

	if (lstat(out, &st)) {
		if (errno != ENOENT)
			return fail(out, "cannot look at it", errno);
		status = open_directory(rep, out);
		if (!status && !*rep->base)
			status = fail(out, "cannot write it", EISDIR);
		return status;
	}
	path = realpath(out, NULL);
	if (!path || stat(path, &st)) {
		status = fail(out, "cannot find it", errno);
	} else if (!S_ISREG(st.st_mode)) {
		status = refuse(out, "special-file",
				"is not a regular file, and is not replaced");
	} else {
		rep->in_place = st.st_dev == rep->file->st.st_dev &&
				st.st_ino == rep->file->st.st_ino;
		status = open_directory(rep, path);
	}
	free(path);
	return status;
}

/*
 * A read lease is given only when nobody has the file open for writing, and
 * makes who comes later wait. Not every file system and user can have one.
 */
static int take_lease(struct replacement *rep)
{
	if (!fcntl(rep->file->fd, F_SETLEASE, F_RDLCK)) {
		rep->leased = true;
		return EXIT_DONE;
	}
	if (errno == EAGAIN)
		return refuse(rep->file->name, "open-for-writing",
			      "somebody has it open for writing");
	return EXIT_DONE;
}

static void random_name(char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char bytes[6] = { };
	size_t i;

	/* Not a secret: O_EXCL makes the file ours. */
	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) < 0)
		memcpy(bytes, &(pid_t){ getpid() }, sizeof(pid_t));
	name += sprintf(name, ".xelf-");
	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		*name++ = letters[bytes[i] % (sizeof(letters) - 1)];
	*name = '\0';
}

static int create_beside(struct replacement *rep)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		random_name(rep->tmp_name);
		rep->tmp = openat(rep->dir, rep->tmp_name,
				  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
				  O_CLOEXEC, 0600);
		if (rep->tmp >= 0)
			return EXIT_DONE;
		if (errno != EEXIST)
			break;
	}
	/* Nothing of ours to remove. */
	rep->tmp_name[0] = '\0';
	return fail(rep->file->name, "cannot create a file in the directory",
		    errno);
}

/* Return: bytes copied, 0 at the file's end, or -errno. */
static ssize_t copy_some(int from, int to, off_t offset, size_t size)
{
	static char buffer[1 << 17];
	off_t in = offset, out = offset;
	ssize_t got, put, done;

	/* Shares the blocks where the file system can. */
	got = copy_file_range(from, &in, to, &out, size, 0);
	if (got > 0)
		return got;
	/* Whatever was wrong, this finds it too, or does it. */
	got = pread(from, buffer, size < sizeof(buffer) ? size : sizeof(buffer),
		    offset);
	if (got < 0)
		return -errno;
	for (done = 0; done < got; done += put) {
		put = pwrite(to, buffer + done, got - done, offset + done);
		if (put <= 0)
			return put ? -errno : -EIO;
	}
	return got;
}

/* Return: 0 or -errno; -EINTR after a signal, -ESTALE if the file got shorter. */
static int copy_piece(int from, int to, off_t offset, off_t end)
{
	while (offset < end) {
		off_t size = end - offset;
		ssize_t got;

		if (interrupted())
			return -EINTR;
		got = copy_some(from, to, offset,
				size < COPY_CHUNK ? size : COPY_CHUNK);
		if (!got)
			return -ESTALE;
		if (got < 0)
			return got;
		offset += got;
	}
	return 0;
}

/* Copies the first @size bytes and leaves the holes. Return: as copy_piece(). */
static int copy_contents(const struct file *file, off_t size, int to)
{
	off_t data, hole;
	int err;

	if (ftruncate(to, size))
		return -errno;
	for (hole = 0; hole < size;) {
		data = lseek(file->fd, hole, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			return 0;
		if (data < 0)
			data = hole;
		hole = lseek(file->fd, data, SEEK_HOLE);
		if (hole <= data || hole > size)
			hole = size;
		err = copy_piece(file->fd, to, data, hole);
		if (err)
			return err;
	}
	return 0;
}

static int refuse_changed(const struct file *file)
{
	return refuse(file->name, "changed",
		      "changed while it was read; nothing is written");
}

/* The copy must begin as the file did when it was checked. */
static int write_ident(const struct replacement *rep,
		       const struct rewrite *with)
{
	size_t size = with->keep < XELF_CHECKED_SIZE ?
		      with->keep : XELF_CHECKED_SIZE;
	__u8 first[XELF_CHECKED_SIZE];

	if (pread(rep->tmp, first, size, 0) != (ssize_t)size ||
	    memcmp(first, rep->file->first, size))
		return refuse_changed(rep->file);
	if (size > EI_NIDENT)
		size = EI_NIDENT;
	if (pwrite(rep->tmp, with->ident, size, 0) != (ssize_t)size)
		return fail(rep->file->name, "cannot write beside it", errno);
	return EXIT_DONE;
}

/* While the mode is still 0600: the file's own may not let its owner read. */
static int open_done(struct replacement *rep)
{
	struct stat done, tmp;

	rep->done = openat(rep->dir, rep->tmp_name,
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (rep->done < 0 || fstat(rep->done, &done) || fstat(rep->tmp, &tmp))
		return fail(rep->file->name, "cannot open its copy", errno);
	if (done.st_dev != tmp.st_dev || done.st_ino != tmp.st_ino)
		return fail(rep->file->name, "cannot open its copy", ESTALE);
	return EXIT_DONE;
}

static int write_beside(struct replacement *rep, const struct rewrite *with)
{
	const struct file *file = rep->file;
	int status;
	int err;

	status = open_done(rep);
	if (status)
		return status;
	err = copy_contents(file, with->keep, rep->tmp);
	if (err == -ESTALE)
		return refuse_changed(file);
	if (err)
		return fail(file->name, "cannot write a copy", -err);
	/* One that is cut short has no errno. */
	errno = ENOSPC;
	if (with->tail_size &&
	    pwrite(rep->tmp, with->tail, with->tail_size, with->keep) !=
	    (ssize_t)with->tail_size)
		return fail(file->name, "cannot write a copy", errno);
	status = write_ident(rep, with);
	if (!status)
		status = attributes_copy(file, rep->tmp, rep->in_place);
	if (status)
		return status;
	if (fsync(rep->tmp))
		return fail(file->name, "cannot write a copy", errno);
	err = close(rep->tmp);
	rep->tmp = -1;
	return err ? fail(file->name, "cannot write a copy", errno) : EXIT_DONE;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Is the old file as it was, and, in place, still behind its name? */
static bool is_unchanged(const struct replacement *rep)
{
	const struct file *file = rep->file;
	struct stat st;

	if (rep->leased && fcntl(file->fd, F_GETLEASE) != F_RDLCK)
		return false;
	if (fstat(file->fd, &st) || st.st_size != file->st.st_size ||
	    !same_time(&st.st_mtim, &file->st.st_mtim) ||
	    !same_time(&st.st_ctim, &file->st.st_ctim))
		return false;
	if (!rep->in_place)
		return true;
	return !fstatat(rep->dir, rep->base, &st, AT_SYMLINK_NOFOLLOW) &&
	       st.st_dev == file->st.st_dev && st.st_ino == file->st.st_ino;
}

static int put_in_place(struct replacement *rep)
{
	const struct file *file = rep->file;
	int locks = 0;
	int err;

	if (interrupted())
		return fail(file->name, "cannot write a copy", EINTR);
	if (!is_unchanged(rep))
		return refuse_changed(file);
	err = rep->in_place ? attributes_unlock(file, &locks) : 0;
	if (err)
		return fail(file->name,
			    "cannot lift its immutable or append-only flag",
			    -err);
	if (renameat(rep->dir, rep->tmp_name, rep->dir, rep->base)) {
		err = errno;
		if (attributes_lock(file->fd, locks))
			say(file->name, "its immutable or append-only flag is lost");
		return fail(file->name, "cannot rename its copy to it", err);
	}
	rep->tmp_name[0] = '\0';
	if (attributes_lock(rep->done, locks))
		warn(file->name, "its immutable or append-only flag is lost");
	/* Fails where the directory cannot be read, and does no harm there. */
	if (fsync(rep->dir) && errno != EBADF && errno != EINVAL)
		warn(file->name, "cannot sync its directory: %s",
		     strerror(errno));
	if (rep->in_place && file->st.st_nlink > 1)
		warn(file->name,
		     "is replaced under this name; %lu other hard link(s) keep the old file",
		     (unsigned long)file->st.st_nlink - 1);
	return EXIT_DONE;
}

/**
 * file_replace() - write a file anew, in place or elsewhere
 * @file: opened by file_open() with its path resolved
 * @with: what is to be different
 * @opt: -o and --force
 *
 * Return: EXIT_DONE; or EXIT_REFUSED after saying why, and the file is as it
 * was.
 */
int file_replace(const struct file *file, const struct rewrite *with,
		 const struct options *opt)
{
	struct replacement rep = {
		.file = file,
		.dir = -1,
		.tmp = -1,
		.done = -1,
	};
	sigset_t old;
	int status;

	if (opt->out) {
		status = find_out(&rep, opt->out);
	} else {
		rep.in_place = true;
		status = open_directory(&rep, file->path);
	}
	if (!status)
		status = attributes_need_force(file, rep.in_place, opt);
	if (!status)
		status = take_lease(&rep);
	if (!status) {
		hold_signals(&old);
		status = create_beside(&rep);
		if (!status)
			status = write_beside(&rep, with);
		if (!status)
			status = put_in_place(&rep);
		if (rep.tmp_name[0])
			unlinkat(rep.dir, rep.tmp_name, 0);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	if (rep.leased)
		fcntl(file->fd, F_SETLEASE, F_UNLCK);
	if (rep.tmp >= 0)
		close(rep.tmp);
	if (rep.done >= 0)
		close(rep.done);
	if (rep.dir >= 0)
		close(rep.dir);
	free(rep.base);
	return status;
}
