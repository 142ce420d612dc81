// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a file has besides its contents: owner, mode, times, extended
 * attributes, and the marks that a changed file would break.
 *
 * Runs while a temporary file is there, so nothing here may end the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "xelf.h"

#define LOCKS	(FS_IMMUTABLE_FL | FS_APPEND_FL)

/* XATTR_LIST_MAX and XATTR_SIZE_MAX of <linux/limits.h>. */
static char names[65536];
static char value[65536];
static char present[65536];

static bool is_integrity(const char *xattr)
{
	return !strcmp(xattr, "security.ima") || !strcmp(xattr, "security.evm");
}

/* Labels come from the machine's policy, which may not let us set them. */
static bool is_label(const char *xattr)
{
	return !strncmp(xattr, "security.", strlen("security.")) &&
	       strcmp(xattr, "security.capability");
}

/* FS_*_FL of a file system that has none are none. */
static int inode_flags(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return 0;
	return flags;
}

/* Both ways to ask: some file systems answer only one. */
static bool has_flag(const struct file *file, __u64 attribute, int flag)
{
	struct statx stx;

	if (inode_flags(file->fd) & flag)
		return true;
	return !statx(file->fd, "", AT_EMPTY_PATH, 0, &stx) &&
	       (stx.stx_attributes & attribute);
}

static const char *integrity_xattr(const struct file *file)
{
	if (fgetxattr(file->fd, "security.ima", NULL, 0) >= 0)
		return "security.ima";
	if (fgetxattr(file->fd, "security.evm", NULL, 0) >= 0)
		return "security.evm";
	return NULL;
}

static int need_force_in_place(const struct file *file, bool force)
{
	const char *xattr = integrity_xattr(file);

	if (has_flag(file, STATX_ATTR_VERITY, FS_VERITY_FL)) {
		if (!force)
			return refuse(file->name, "fs-verity",
				      "fs-verity protects it, and a changed file has none; --force goes on without");
		warn(file->name, "fs-verity protects it no longer");
	}
	if (xattr) {
		if (!force)
			return refuse(file->name, "integrity-signature",
				      "has %s, which does not fit a changed file; --force drops it",
				      xattr);
		warn(file->name, "%s is dropped: sign it again", xattr);
	}
	if (force)
		return EXIT_DONE;
	if (has_flag(file, STATX_ATTR_IMMUTABLE, FS_IMMUTABLE_FL))
		return refuse(file->name, "immutable",
			      "has the immutable flag; --force lifts it for the while");
	if (has_flag(file, STATX_ATTR_APPEND, FS_APPEND_FL))
		return refuse(file->name, "append-only",
			      "has the append-only flag; --force lifts it for the while");
	return EXIT_DONE;
}

/**
 * attributes_need_force() - does a file have what a change would break?
 * @file: the file
 * @in_place: it is the file itself that will change, not a copy
 * @opt: --force
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying why.
 */
int attributes_need_force(const struct file *file, bool in_place,
			  const struct options *opt)
{
	mode_t mode = file->st.st_mode;

	if ((mode & (S_ISUID | S_ISGID)) && !opt->force)
		return refuse(file->name, "setuid-or-setgid",
			      "is %s (mode %04o): it would run with its owner's rights under another loader; %s",
			      mode & S_ISUID ? "setuid" : "setgid",
			      mode & 07777, opt->no_force ?
			      "use a copy, after chmod a-s" : "--force goes on");
	return in_place ? need_force_in_place(file, opt->force) : EXIT_DONE;
}

/**
 * attributes_unlock() - lift the immutable and the append-only flag
 * @file: the file
 * @locks: set to the flags that were lifted, for attributes_lock()
 *
 * Return: 0 or -errno.
 */
int attributes_unlock(const struct file *file, int *locks)
{
	int flags = inode_flags(file->fd);

	*locks = flags & LOCKS;
	if (!*locks)
		return 0;
	flags &= ~LOCKS;
	if (ioctl(file->fd, FS_IOC_SETFLAGS, &flags)) {
		*locks = 0;
		return -errno;
	}
	return 0;
}

/**
 * attributes_lock() - set the flags that attributes_unlock() lifted
 * @fd: that file, or the one in its place
 * @locks: the flags; may be 0
 *
 * Return: 0 or -errno.
 */
int attributes_lock(int fd, int locks)
{
	int flags = inode_flags(fd) | locks;

	if (locks && ioctl(fd, FS_IOC_SETFLAGS, &flags))
		return -errno;
	return 0;
}

/* Only root can give a file away. Return: EXIT_REFUSED after saying why. */
static int copy_owner(const struct file *file, int to, bool in_place,
		      bool *same_owner)
{
	struct stat st;

	*same_owner = true;
	if (fstat(to, &st))
		return fail(file->name, "cannot look at its copy", errno);
	if (st.st_uid == file->st.st_uid && st.st_gid == file->st.st_gid)
		return EXIT_DONE;
	if (!fchown(to, file->st.st_uid, file->st.st_gid))
		return EXIT_DONE;
	if (in_place)
		return fail(file->name, "cannot keep its owner and group",
			    errno);
	*same_owner = false;
	return EXIT_DONE;
}

static int copy_xattr(const struct file *file, int to, const char *xattr,
		      bool in_place)
{
	ssize_t size = fgetxattr(file->fd, xattr, value, sizeof(value));
	ssize_t old;

	if (size < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
		return EXIT_DONE;
	if (size < 0) {
		say(file->name, "cannot read its extended attribute %s: %s",
		    xattr, strerror(errno));
		return EXIT_REFUSED;
	}
	old = fgetxattr(to, xattr, present, sizeof(present));
	if (old == size && !memcmp(present, value, size))
		return EXIT_DONE;
	if (!fsetxattr(to, xattr, value, size, 0))
		return EXIT_DONE;
	if (in_place && !is_label(xattr)) {
		say(file->name, "cannot keep its extended attribute %s: %s",
		    xattr, strerror(errno));
		return EXIT_REFUSED;
	}
	warn(file->name, "its extended attribute %s is lost: %s", xattr,
	     strerror(errno));
	return EXIT_DONE;
}

static int copy_xattrs(const struct file *file, int to, bool in_place)
{
	static const char acl[] = "system.posix_acl_access";
	ssize_t size = flistxattr(file->fd, names, sizeof(names));
	bool has_acl = false;
	const char *xattr;
	int status;

	if (size < 0 && errno == EOPNOTSUPP)
		return EXIT_DONE;
	if (size < 0)
		return fail(file->name, "cannot list its extended attributes",
			    errno);
	for (xattr = names; xattr < names + size; xattr += strlen(xattr) + 1) {
		if (is_integrity(xattr))
			continue;
		has_acl |= !strcmp(xattr, acl);
		status = copy_xattr(file, to, xattr, in_place);
		if (status)
			return status;
	}
	/* A new file may have got one from its directory. */
	if (!has_acl && fremovexattr(to, acl) && errno != ENODATA &&
	    errno != EOPNOTSUPP)
		return fail(file->name, "cannot take the directory's ACL off",
			    errno);
	return EXIT_DONE;
}

static int copy_mode(const struct file *file, int to, bool in_place,
		     bool same_owner)
{
	mode_t mode = file->st.st_mode & 07777;
	struct stat st;

	if (!same_owner && (mode & (S_ISUID | S_ISGID))) {
		warn(file->name, "the copy has another owner and is not setuid or setgid");
		mode &= ~(S_ISUID | S_ISGID);
	}
	if (fchmod(to, mode) || fstat(to, &st))
		return fail(file->name, "cannot keep its mode", errno);
	if ((st.st_mode & 07777) == mode)
		return EXIT_DONE;
	if (in_place) {
		say(file->name, "cannot keep its mode %04o, would be %04o",
		    mode, st.st_mode & 07777);
		return EXIT_REFUSED;
	}
	warn(file->name, "the copy has mode %04o, not %04o", st.st_mode & 07777,
	     mode);
	return EXIT_DONE;
}

/**
 * attributes_copy() - give a new file what the old one has
 * @file: the old file
 * @to: the new file, written in full
 * @in_place: the new file takes the old one's place, so that nothing may be
 *	lost; else what may not be kept is lost with a warning
 *
 * In the one order in which no step undoes another: a change of owner drops
 * file capabilities and setuid, an ACL changes the mode, and all of them the
 * times. security.ima and security.evm are not copied.
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying why.
 */
int attributes_copy(const struct file *file, int to, bool in_place)
{
	const struct timespec times[2] = {
		file->st.st_atim,
		file->st.st_mtim,
	};
	bool same_owner;
	int status;

	status = copy_owner(file, to, in_place, &same_owner);
	if (!status)
		status = copy_xattrs(file, to, in_place);
	if (!status)
		status = copy_mode(file, to, in_place, same_owner);
	if (!status && futimens(to, times))
		status = fail(file->name, "cannot keep its times", errno);
	return status;
}
