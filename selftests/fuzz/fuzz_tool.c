// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command xelf, for any file: check, dump, tag and untag, run in this
 * process. Its main() is built under the name xelf_main().
 */
#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xelf/hints.h>

#include "fuzz.h"

int xelf_main(int argc, char **argv);

enum {
	VALID, REFUSED, NOT_XELF, TAGGED, ROUND_TRIPS, ROUND_TRIPS_32, UNTAGGED,
	CUT, DUMPED
};

struct counter counters[] = {
	[VALID] = { "files-valid" },
	[REFUSED] = { "files-refused" },
	[NOT_XELF] = { "files-without-tag" },
	[TAGGED] = { "files-tagged" },
	[ROUND_TRIPS] = { "round-trips" },
	[ROUND_TRIPS_32] = { "round-trips-of-elf32" },
	[UNTAGGED] = { "tags-taken-off" },
	[CUT] = { "trailers-cut" },
	[DUMPED] = { "files-dumped" },
	{ }
};

/* The exit statuses, as xelf(1) has them. */
enum { DONE = 0, FAILED = 1, NO_TAG = 3 };

/* What the last run of the command printed. */
static char *output, *errors;
static size_t output_size, errors_size;

/* Runs xelf with up to four arguments. Return: its exit status. */
static int xelf(const char *a, const char *b, const char *c, const char *d)
{
	const char *const words[] = { "xelf", a, b, c, d };
	FILE *old_stdout = stdout, *old_stderr = stderr;
	char *argv[ARRAY_SIZE(words) + 1] = { };
	int argc, status;

	/* It changes the pointers, not the words. */
	for (argc = 0; argc < (int)ARRAY_SIZE(words) && words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	free(output);
	free(errors);
	stdout = open_memstream(&output, &output_size);
	stderr = open_memstream(&errors, &errors_size);
	CLAIM(stdout && stderr);
	status = xelf_main(argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = old_stdout;
	stderr = old_stderr;
	/* The command line was right, so it is not at fault. */
	CLAIM(status == DONE || status == FAILED || status == NO_TAG);
	return status;
}

/* What stands in a file must not reach a terminal as it is. */
static bool is_printable(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
			return false;
	return true;
}

static bool is_json(const char *text, size_t size)
{
	struct json_tokener *parser = json_tokener_new();
	struct json_object *value;
	bool whole;

	json_tokener_set_flags(parser, JSON_TOKENER_STRICT |
					       JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(parser, text, size + 1);
	whole = json_tokener_get_error(parser) == json_tokener_success;
	json_object_put(value);
	json_tokener_free(parser);
	return whole;
}

static void put(const char *name, const __u8 *data, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd)) {
		perror("fuzz_tool: cannot write its file");
		exit(2);
	}
}

/* Are these the file's bytes? */
static bool holds(const char *name, const __u8 *data, size_t size)
{
	int fd = open(name, O_RDONLY);
	__u8 *got = malloc(size + 1);
	bool same;

	CLAIM(fd >= 0 && got);
	same = read(fd, got, size + 1) == (ssize_t)size &&
	       !memcmp(got, data, size);
	close(fd);
	free(got);
	return same;
}

static unsigned int files_here(void)
{
	DIR *dir = opendir(".");
	unsigned int files = 0;

	CLAIM(dir);
	while (readdir(dir))
		files++;
	closedir(dir);
	return files - 2;
}

/* What only looks. Return: what check said. */
static int look(const char *name)
{
	int status = xelf("check", name, NULL, NULL);
	int dumped;

	CLAIM(is_printable(output, output_size));
	CLAIM(is_printable(errors, errors_size));
	CLAIM(output_size);
	dumped = xelf("dump", name, NULL, NULL);
	CLAIM(dumped != NO_TAG && (dumped == DONE) == !!output_size);
	CLAIM(is_printable(output, output_size));
	CLAIM(is_printable(errors, errors_size));
	/* What exec would load can be shown. */
	CLAIM(dumped == DONE || status != DONE);
	counters[DUMPED].count += dumped == DONE;
	CLAIM(xelf("dump", "--json", name, NULL) == dumped);
	CLAIM(is_json(output, output_size));
	return status;
}

/* A copy of the file, tagged, with one bit changed: never valid. */
static void try_stale(__u8 *tagged, size_t size, unsigned int random)
{
	unsigned int bit;

	bit = random % ((size < XELF_CHECKED_SIZE ? size : XELF_CHECKED_SIZE) * 8);
	tagged[bit / 8] ^= 1 << bit % 8;
	put("stale", tagged, size);
	tagged[bit / 8] ^= 1 << bit % 8;
	CLAIM(xelf("check", "stale", NULL, NULL) != DONE);
	unlink("stale");
}

static void try_tag(const __u8 *data, size_t size, unsigned int random)
{
	bool exclusive = random & 1;
	__u8 first[XELF_CHECKED_SIZE] = { };
	__u8 *tagged;
	int status;

	if (xelf("tag", random & 2 ? "--force" : "--", "file",
		 NULL) != DONE) {
		CLAIM(errors_size && is_printable(errors, errors_size));
		CLAIM(holds("file", data, size));
		return;
	}
	counters[TAGGED].count++;
	if (exclusive) {
		CLAIM(xelf("untag", "file", NULL, NULL) == DONE);
		CLAIM(xelf("tag", "--exclusive", "--force", "file") == DONE);
	}

	/* Nothing but the magic and the padding differs. */
	tagged = malloc(size);
	memcpy(tagged, data, size);
	if (exclusive)
		memcpy(tagged, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
	memcpy(tagged + XELF_TAG_OFFSET, XELF_TAG_MAGIC, XELF_TAG_MAGIC_SIZE);
	tagged[XELF_VERSION_OFFSET] = XELF_VERSION;
	memcpy(first, tagged, size < sizeof(first) ? size : sizeof(first));
	sign(first);
	memcpy(tagged, first, EI_NIDENT);
	CLAIM(holds("file", tagged, size));

	/* tag does not ask for the interpreter that this machine has. */
	status = look("file");
	if (status == DONE) {
		xelf("check", "file", NULL, NULL);
		CLAIM(!memcmp(output, "file: valid (version 1", 22));
	} else {
		xelf("check", "file", NULL, NULL);
		CLAIM(!memcmp(output, "file: refused: interpreter-", 27));
	}
	CLAIM(xelf("tag", "file", NULL, NULL) == FAILED);
	CLAIM(strstr(errors, "(already-tagged)"));
	try_stale(tagged, size, random);

	CLAIM(xelf("untag", "-o", "back", "file") == DONE);
	CLAIM(holds("file", tagged, size));
	CLAIM(holds("back", data, size));
	unlink("back");
	counters[ROUND_TRIPS].count++;
	counters[ROUND_TRIPS_32].count += get_machine(data) == EM_ARM;
	free(tagged);
}

/* All that untag may do: the magic, the padding, and the trailer cut off. */
static void claim_untagged(const __u8 *data, size_t size)
{
	size_t tail = size < XELF_HINTS_MAX_SIZE ? size : XELF_HINTS_MAX_SIZE;
	struct xelf_hints hints;
	__u8 *wanted = malloc(size);

	memcpy(wanted, data, size);
	memcpy(wanted, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE);
	memset(wanted + XELF_TAG_OFFSET, 0, XELF_TAG_SIZE);
	if (data[XELF_VERSION_OFFSET] & XELF_FLAG_HINTS &&
	    xelf_find_hints(data + size - tail, tail, 12, &hints) ==
	    XELF_HINTS_OK) {
		size -= hints.size;
		counters[CUT].count++;
	}
	CLAIM(holds("file", wanted, size));
	free(wanted);
}

/* The file came with a tag: off it goes, and on again. */
static void try_untag(const __u8 *data, size_t size, unsigned int random)
{
	__u8 first[XELF_CHECKED_SIZE] = { };
	bool exclusive;

	memcpy(first, data, size < sizeof(first) ? size : sizeof(first));
	if (xelf("untag", random & 1 ? "--force" : "--", "file", NULL) != DONE) {
		CLAIM(errors_size && is_printable(errors, errors_size));
		CLAIM(holds("file", data, size));
		return;
	}
	counters[UNTAGGED].count++;
	claim_untagged(data, size);
	CLAIM(xelf("check", "file", NULL, NULL) == NO_TAG);
	if (xelf_check_tag(first) ||
	    first[XELF_VERSION_OFFSET] & XELF_FLAGS_MASK)
		return;
	exclusive = xelf_is_exclusive(first);
	if (xelf("tag", "--force", exclusive ? "--exclusive" : "--",
		 "file") == DONE)
		CLAIM(holds("file", data, size));
}

/* A directory of our own, where the interpreters that files name are not. */
static void make_place(void)
{
	static char place[PATH_MAX];
	const char *in = getenv("TMPDIR");

	if (*place)
		return;
	snprintf(place, sizeof(place), "%s/xelf-fuzz.XXXXXX", in ? in : "/tmp");
	if (!mkdtemp(place) || chdir(place)) {
		perror("fuzz_tool: cannot make a directory");
		exit(2);
	}
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	unsigned int random = xelf_crc16(0xffff, data, size);
	int status;

	make_place();
	put("file", data, size);
	status = look("file");
	CLAIM(holds("file", data, size));
	switch (status) {
	case NO_TAG:
		counters[NOT_XELF].count++;
		try_tag(data, size, random);
		break;
	case DONE:
		counters[VALID].count++;
		try_untag(data, size, random);
		break;
	default:
		counters[REFUSED].count++;
		try_untag(data, size, random);
		break;
	}
	CLAIM(files_here() == 1);
	unlink("file");
	return 0;
}
