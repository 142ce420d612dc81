// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives a tagged program hints that mean harm, for scripts/bench:
 * bench-trailer FILE KIND
 *
 * They ask for pages that the program does not touch, as many as are followed,
 * of the sort that costs most. The program is as large as that takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xelf/hints.h>

#define TABLE_PAGES	512	/* that a page-table page is for */

static struct xelf_hint runs[XELF_HINTS_RUNS];
static unsigned int count;

static void add(unsigned int page, unsigned int pages, unsigned int access)
{
	if (count < XELF_HINTS_RUNS)
		runs[count++] = (struct xelf_hint){
			.page = page,
			.pages = pages,
			.place = XELF_HINT_PROGRAM,
			.access = access,
		};
}

/* Page-table pages that are made by a fault each. */
static void add_tables(unsigned int access)
{
	unsigned int i;

	for (i = 0; i < XELF_HINTS_TABLES; i++)
		add(i * TABLE_PAGES + 64, 1, access);
}

/* All that is left of the budget, in runs of @pages with gaps between them. */
static void add_rest(unsigned int pages, unsigned int access)
{
	unsigned int page = 128;

	while (count < XELF_HINTS_RUNS) {
		add(page, pages, access);
		page += pages + 1;
	}
}

static void write_trailer(FILE *file)
{
	struct xelf_hints_footer footer = {
		.magic = XELF_HINTS_MAGIC,
		.version = XELF_HINTS_VERSION,
		.page_shift = 12,
		.count = count,
		.size = XELF_HINTS_SIZE(count),
	};

	footer.sum = xelf_sum(XELF_SUM_START, runs, count * sizeof(*runs));
	footer.sum = xelf_sum(footer.sum, &footer, offsetof(struct xelf_hints_footer, sum));
	fseek(file, 0, SEEK_END);
	fwrite(runs, sizeof(*runs), count, file);
	fwrite(&footer, sizeof(footer), 1, file);
}

static void set_flag(FILE *file)
{
	__u8 first[XELF_CHECKED_SIZE];
	__u16 crc;

	if (fread(first, sizeof(first), 1, file) != 1)
		return;
	first[XELF_VERSION_OFFSET] |= XELF_FLAG_HINTS;
	crc = xelf_tag_crc(first);
	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
	rewind(file);
	fwrite(first, sizeof(first), 1, file);
}

int main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[1], "r+") : NULL;
	const char *kind = argc == 3 ? argv[2] : "";

	if (!strcmp(kind, "read")) {
		add_rest(4, XELF_HINT_READ);
	} else if (!strcmp(kind, "written")) {
		add_rest(1, XELF_HINT_WRITE);
	} else if (!strcmp(kind, "tables-read")) {
		add_tables(XELF_HINT_READ);
		add_rest(3, XELF_HINT_READ);
	} else if (!strcmp(kind, "tables-written")) {
		add_tables(XELF_HINT_WRITE);
		add_rest(1, XELF_HINT_WRITE);
	} else {
		kind = NULL;
	}
	if (!file || !kind) {
		fprintf(stderr, "bench-trailer: FILE read|written|tables-read|tables-written\n");
		return 2;
	}
	set_flag(file);
	write_trailer(file);
	if (ferror(file) | fclose(file)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
