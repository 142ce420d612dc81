// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf check: would exec load the file here and now?
 */
#include <stdio.h>

#include "hints.h"

/* Hints never refuse an exec: what is wrong with them is a warning. */
static void check_hints(const char *name, const struct image *img, bool here)
{
	enum xelf_hints_fault fault;
	struct trailer trailer;

	if (!hints_expected(img->file))
		return;
	fault = trailer_read(&trailer, img->file);
	/* Another machine's interpreter is not here; one that is refused is not looked at. */
	if (!fault && here && !img->reason && trailer.hints.interp &&
	    trailer.hints.interp != hints_interp_sum(img->interp))
		fault = XELF_HINTS_OTHER_INTERP;
	if (fault)
		warn(name, "exec will ignore %s: %s (%s); xelf record makes new ones",
		     fault == XELF_HINTS_OTHER_INTERP ?
		     "the hints for its interpreter" : "its hints",
		     hints_fault_text(fault), xelf_hints_fault_name(fault));
}

static int check_one(const char *name, const struct file *file)
{
	enum xelf_reason reason = xelf_check_tag(file->first);
	bool here = machine_is_this(file->ehdr.e_machine);
	struct image img;
	int status;

	print_shown(name, stdout);
	if (reason == XELF_NOT_TAGGED) {
		printf(": not XELF: %s\n",
		       !file->size ? "an empty file" :
		       file_is_elf(file) ? "an ELF file without a tag" :
		       "not an ELF file");
		return EXIT_NOT_XELF;
	}
	if (reason == XELF_STALE_TAG) {
		printf(": refused: %s (%s): %s: 0x%04x in the tag, 0x%04x computed\n",
		       xelf_reason_name(reason),
		       errno_name(xelf_reason_errno(reason)),
		       reason_text(reason), tag_crc(file->first),
		       xelf_tag_crc(file->first));
		return EXIT_REFUSED;
	}
	if (reason) {
		printf(": refused: %s (%s): %s: version %u, flags 0x%02x\n",
		       xelf_reason_name(reason),
		       errno_name(xelf_reason_errno(reason)),
		       reason_text(reason), tag_version(file->first),
		       tag_flags(file->first));
		return EXIT_REFUSED;
	}

	image_read(&img, file, true);
	if (img.reason) {
		printf(": refused: %s (%s): %s\n",
		       xelf_reason_name(img.reason), errno_name(img.err),
		       img.detail);
		status = EXIT_REFUSED;
	} else {
		printf(": valid (version %u%s%s%s%s)\n",
		       tag_version(file->first),
		       xelf_is_exclusive(file->first) ? ", exclusive" : "",
		       hints_expected(file) ? ", hints" : "",
		       here ? "" : ", for ",
		       here ? "" : machine_name(file->ehdr.e_machine));
		status = EXIT_DONE;
	}
	lint(&img);
	check_hints(name, &img, here);
	image_free(&img);
	return status;
}

/**
 * command_check() - the sub-command
 * @opt: unused
 * @files: at least one name, ended by NULL
 *
 * Return: EXIT_REFUSED if a file is refused or cannot be read, else
 * EXIT_NOT_XELF if one carries no tag, else EXIT_DONE.
 */
int command_check(const struct options *opt, char **files)
{
	int worst = EXIT_DONE;

	(void)opt;
	for (; *files; files++) {
		struct file file;
		int status = file_open(&file, *files, false);

		if (!status)
			status = check_one(*files, &file);
		file_close(&file);
		if (status == EXIT_REFUSED || worst == EXIT_DONE)
			worst = status;
	}
	return worst;
}
