// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the images of the table in cases.h:
 *
 *	make_image --list		each case: its name, and "identical" or
 *					the rule of xelf diff that it is to meet
 *	make_image NAME FILE		FILE, and FILE.interp if it has one
 *	make_image --all DIRECTORY	DIRECTORY/NAME of all of them
 */
#include "cases.h"
#include "xelf_test.h"

static int list(void)
{
	const struct image_case *c;
	size_t i;

	for (i = 0; (c = case_at(i)); i++)
		printf("%s %s\n", c->name, c->rule ?: "identical");
	return 0;
}

static int write_all(const char *directory)
{
	const struct image_case *c;
	char path[CASE_PATH_SIZE];
	size_t i;

	for (i = 0; (c = case_at(i)); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, c->name);
		case_write(c, path);
	}
	return 0;
}

static int write_one(const char *name, const char *path)
{
	const struct image_case *c = case_find(name);

	if (!c) {
		fprintf(stderr, "make_image: no case %s (see --list)\n", name);
		return 2;
	}
	case_write(c, path);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc == 3 && !strcmp(argv[1], "--all"))
		return write_all(argv[2]);
	if (argc == 3)
		return write_one(argv[1], argv[2]);
	fprintf(stderr, "usage: make_image --list | --all DIRECTORY | NAME FILE\n");
	return 2;
}
