// SPDX-License-Identifier: GPL-2.0-only
/*
 * A copy of a program that is tagged, or is not, where the program itself is
 * the other way round: both loaders can then be asked for the same bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"

static char *copy_path;
static char *copy_dir;

/**
 * copy_remove() - remove the copy that copy_make() made, if it did
 *
 * May run in a signal's handler.
 */
void copy_remove(void)
{
	if (copy_path)
		unlink(copy_path);
	if (copy_dir)
		rmdir(copy_dir);
}

static bool may_be_executed(const char *path)
{
	return !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/**
 * copy_make() - a copy of the same name in a directory of its own
 * @command: whose copy it is, as in "diff"
 * @path: the program
 * @make: command_tag() or command_untag()
 *
 * One copy at a time; it is for copy_remove() and copy_forget().
 *
 * Return: the copy's path, or NULL after saying what failed.
 */
const char *copy_make(const char *command, const char *path,
		      int (*make)(const struct options *opt, char **files))
{
	const char *tmp = getenv("TMPDIR");
	char *files[2] = { (char *)path };
	struct options opt = { .no_force = true };

	if (!tmp || !*tmp)
		tmp = "/tmp";
	copy_dir = format("%s/xelf-%s.XXXXXX", tmp, command);
	if (!mkdtemp(copy_dir)) {
		say(copy_dir, "cannot make a directory for a copy: %s",
		    strerror(errno));
		return NULL;
	}
	copy_path = format("%s%s", copy_dir, strrchr(path, '/') ?: "/program");
	opt.out = copy_path;
	if (make(&opt, files))
		return NULL;
	/* Of a mount that is noexec; else both loaders would be said to refuse it. */
	if (may_be_executed(path) && !may_be_executed(copy_path)) {
		say(path, "its copy in %s may not be executed: set TMPDIR to another directory",
		    tmp);
		return NULL;
	}
	return copy_path;
}

/**
 * copy_forget() - free what copy_make() allocated; the copy is gone by now
 */
void copy_forget(void)
{
	free(copy_path);
	free(copy_dir);
	copy_path = NULL;
	copy_dir = NULL;
}
