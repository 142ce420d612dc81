// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf record: from the pages that a program touches to the runs of its hints.
 *
 * A trailer has room for few runs, and a loader follows it for a bounded cost,
 * so those pages come first whose faults cost most. That is where few pages are
 * touched: a fault maps the neighbours of its page too, used or not.
 */
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define TABLE_PAGES	512	/* that a page-table page is for */
/* What a fault maps: fault_around_bytes, as kernels have it, in pages. */
#define AROUND_PAGES	16

/* What is saved and lost, in hundreds of instructions; as measured on 6.1. */
#define FAULT_GAIN	20
#define PAGE_GAIN	9	/* to map it, and to unmap it at the end */
#define RUN_LOSS	4
#define COPY_GAIN	12	/* a page of the file that is written; often read first */
#define CLEAR_GAIN	6	/* a page without a file that is written */

/**
 * struct choice - pages that one fault would map, as far as they are touched
 * @runs: the pages
 * @count: number of runs
 * @pages: number of pages in them
 * @gain: what mapping them ahead saves
 * @taken: they will be hints
 */
struct choice {
	struct xelf_hint runs[AROUND_PAGES];
	unsigned int count;
	unsigned int pages;
	int gain;
	bool taken;
};

/**
 * struct choices - all of them, and what those that are taken come to
 * @list: the choices
 * @count: their number
 * @room: for how many there is memory
 * @runs: number of runs
 * @pages: number of pages, by access
 * @cost: as XELF_HINTS_BUDGET has it
 * @tables: page-table pages that are there by then, by place and number
 * @table_count: their number
 * @gain: what is saved
 */
struct choices {
	struct choice *list;
	size_t count;
	size_t room;
	unsigned int runs;
	unsigned int pages[XELF_HINT_WRITE + 1];
	unsigned int cost;
	__u64 tables[XELF_HINT_STACK + 1 + XELF_HINTS_TABLES];
	unsigned int table_count;
	int gain;
};

static const struct image *image_of(const struct recording *rec,
				    enum xelf_hint_place place)
{
	return place == XELF_HINT_INTERP ? &rec->interp_img : &rec->img;
}

/* The segment that maps a page from the file, by index; -1 if none does. */
static int segment_of(const struct recording *rec, const struct pages *pages,
		      size_t page)
{
	const struct image *img = image_of(rec, pages->place);
	__u64 addr = img->plan.low + page * PAGE_BYTES;
	int i, count;

	count = pages->place == XELF_HINT_STACK ? 0 : img->file->ehdr.e_phnum;
	for (i = 0; i < count; i++) {
		struct xelf_segment seg;

		if (img->phdrs[i].p_type != PT_LOAD)
			continue;
		seg = xelf_segment(&img->phdrs[i], PAGE_BYTES);
		if (addr >= seg.addr && addr < seg.addr + seg.file_size)
			return i;
	}
	return -1;
}

/* Is the page there already when the program starts? */
static bool is_made_by_loader(const struct image *img, size_t page)
{
	__u64 addr = img->plan.low + page * PAGE_BYTES;
	int i;

	for (i = 0; i < img->file->ehdr.e_phnum; i++) {
		struct xelf_segment seg;

		if (img->phdrs[i].p_type != PT_LOAD)
			continue;
		seg = xelf_segment(&img->phdrs[i], PAGE_BYTES);
		if (seg.clear_size &&
		    xelf_page_floor(seg.clear_addr, PAGE_BYTES) == addr)
			return true;
	}
	return false;
}

/* What the program does to a page: XELF_HINT_READ, XELF_HINT_WRITE or -1. */
static int access_of(const struct recording *rec, const struct pages *pages,
		     size_t page)
{
	size_t i = page;

	/* The stack is counted from its top down; the first page is there. */
	if (pages->place == XELF_HINT_STACK)
		i = pages->count - 1 - page;
	if (pages->seen[i] < rec->runs)
		return -1;
	if (pages->place == XELF_HINT_STACK)
		return page ? XELF_HINT_WRITE : -1;
	if (is_made_by_loader(image_of(rec, pages->place), i))
		return -1;
	return pages->written[i] == rec->runs ? XELF_HINT_WRITE :
	       pages->written[i] ? -1 : XELF_HINT_READ;
}

/* The end of the pages that a fault in @page would map, from @page on. */
static size_t around_end(const struct recording *rec, const struct pages *pages,
			 size_t page)
{
	int segment = segment_of(rec, pages, page);

	do
		page++;
	while (page < pages->count && page % AROUND_PAGES &&
	       segment_of(rec, pages, page) == segment);
	return page;
}

/* Of a bss most pages are none: no room for all of them beforehand. */
static struct choice *next_choice(struct choices *choices)
{
	if (choices->count == choices->room) {
		struct choice *old = choices->list;

		choices->room *= 2;
		choices->list = allocate(choices->room * sizeof(*old));
		memcpy(choices->list, old, choices->count * sizeof(*old));
		free(old);
	}
	choices->list[choices->count] = (struct choice){ };
	return &choices->list[choices->count];
}

/* Gaps of at most @max_gap pages are mapped too, so that there are fewer runs. */
static void add_choice(const struct recording *rec, const struct pages *pages,
		       int access, size_t start, size_t end,
		       unsigned int max_gap, struct choices *choices)
{
	bool from_file = segment_of(rec, pages, start) >= 0;
	struct choice *choice = next_choice(choices);
	struct xelf_hint *last = NULL;
	size_t page;

	for (page = start; page < end; page++) {
		if (access_of(rec, pages, page) != access)
			continue;
		if (!last || page - last->page - last->pages > max_gap) {
			last = &choice->runs[choice->count++];
			*last = (struct xelf_hint){
				.page = page,
				.place = pages->place,
				.access = access,
			};
		}
		choice->pages += page + 1 - last->page - last->pages;
		last->pages = page + 1 - last->page;
	}
	if (access == XELF_HINT_WRITE)
		choice->gain = choice->pages * (from_file ? COPY_GAIN : CLEAR_GAIN);
	else
		choice->gain = FAULT_GAIN +
			       PAGE_GAIN * (int)(end - start - choice->pages) -
			       RUN_LOSS * (int)choice->count;
	/* Only files can be mapped ahead to be read. */
	if (choice->count && choice->gain > 0 &&
	    (from_file || access == XELF_HINT_WRITE))
		choices->count++;
}

static void make_choices(const struct recording *rec, unsigned int max_gap,
			 struct choices *choices)
{
	size_t place, page, end;

	for (place = 0; place < ARRAY_SIZE(rec->places); place++) {
		const struct pages *pages = &rec->places[place];

		for (page = 0; page < pages->count; page = end) {
			end = around_end(rec, pages, page);
			add_choice(rec, pages, XELF_HINT_READ, page, end,
				   max_gap, choices);
			add_choice(rec, pages, XELF_HINT_WRITE, page, end, 0,
				   choices);
		}
	}
}

/* What the loader takes for it, but for page-table pages. */
static unsigned int cost_of(const struct choice *choice)
{
	return choice->runs[0].access == XELF_HINT_WRITE ?
	       XELF_HINTS_WRITE_COST * choice->pages :
	       XELF_HINTS_READ_COST * choice->pages +
	       XELF_HINTS_RUN_COST * choice->count;
}

/* Its share of all that there is: of the cost, and of the runs. */
static unsigned int share_of(const struct choice *choice)
{
	return cost_of(choice) * XELF_HINTS_RUNS +
	       choice->count * XELF_HINTS_BUDGET;
}

/* What saves most for its share comes first. */
static int compare_choices(const void *a, const void *b)
{
	const struct choice *left = a, *right = b;
	long long by_left = (long long)left->gain * share_of(right);
	long long by_right = (long long)right->gain * share_of(left);

	return (by_left < by_right) - (by_left > by_right);
}

/* The order of a trailer: what is written comes first, as its tables serve both. */
static int compare_places(const void *a, const void *b)
{
	const struct xelf_hint *left = ((const struct choice *)a)->runs;
	const struct xelf_hint *right = ((const struct choice *)b)->runs;

	if (left->access != right->access)
		return right->access - left->access;
	if (left->place != right->place)
		return left->place - right->place;
	return (left->page > right->page) - (left->page < right->page);
}

/* The page-table page of a choice: one number for each. */
static __u64 table_of(const struct recording *rec, const struct choice *choice)
{
	const struct xelf_hint *run = choice->runs;
	const struct image *img = image_of(rec, run->place);
	__u64 page = run->place == XELF_HINT_STACK ? 0 :
		     img->plan.low / PAGE_BYTES + run->page;

	return page / TABLE_PAGES << 2 | run->place;
}

/*
 * What a page-table page costs, if this one is not among those that there are by
 * then. The first of each place is made by the loader in any case.
 */
static unsigned int table_cost(const struct choices *choices, __u64 table)
{
	unsigned int i, cost = 0;

	for (i = 0; i < choices->table_count; i++) {
		if (choices->tables[i] == table)
			return 0;
		if ((choices->tables[i] & 3) == (table & 3))
			cost = XELF_HINTS_TABLE_COST;
	}
	return cost;
}

/* Return: false if there are too many. */
static bool take_table(struct choices *choices, __u64 table)
{
	unsigned int i;

	for (i = 0; i < choices->table_count; i++)
		if (choices->tables[i] == table)
			return true;
	if (choices->table_count == ARRAY_SIZE(choices->tables))
		return false;
	choices->tables[choices->table_count++] = table;
	return true;
}

/* Takes a choice, if there is room for it. */
static void take(const struct recording *rec, struct choices *choices,
		 struct choice *choice)
{
	static const unsigned int most[] = {
		[XELF_HINT_READ] = XELF_HINTS_READ_PAGES,
		[XELF_HINT_WRITE] = XELF_HINTS_WRITE_PAGES,
	};
	unsigned int access = choice->runs[0].access;
	__u64 table = table_of(rec, choice);
	unsigned int cost = cost_of(choice) + table_cost(choices, table);

	if (choices->runs + choice->count > XELF_HINTS_RUNS ||
	    choices->pages[access] + choice->pages > most[access] ||
	    choices->cost + cost > XELF_HINTS_BUDGET ||
	    !take_table(choices, table))
		return;
	choice->taken = true;
	choices->runs += choice->count;
	choices->pages[access] += choice->pages;
	choices->cost += cost;
	choices->gain += choice->gain;
}

static struct choices choose(const struct recording *rec, unsigned int max_gap)
{
	struct choices choices = {
		.room = 64,
		.list = allocate(64 * sizeof(*choices.list)),
	};
	size_t i;

	make_choices(rec, max_gap, &choices);
	qsort(choices.list, choices.count, sizeof(*choices.list),
	      compare_choices);
	for (i = 0; i < choices.count; i++)
		take(rec, &choices, &choices.list[i]);
	return choices;
}

/* The runs of what was taken; those that meet become one. */
static size_t collect_runs(struct choices *choices, struct xelf_hint *runs)
{
	struct xelf_hint *last = NULL;
	size_t count = 0, i;
	unsigned int k;

	qsort(choices->list, choices->count, sizeof(*choices->list),
	      compare_places);
	for (i = 0; i < choices->count; i++) {
		const struct choice *choice = &choices->list[i];

		for (k = 0; choice->taken && k < choice->count; k++) {
			const struct xelf_hint *run = &choice->runs[k];

			if (last && last->place == run->place &&
			    last->access == run->access &&
			    last->page + last->pages == run->page) {
				last->pages += run->pages;
				continue;
			}
			last = &runs[count++];
			*last = *run;
		}
	}
	return count;
}

/**
 * record_runs() - which pages of those that were touched are to be hints
 * @rec: all starts have been looked at
 * @count: set to the number of runs
 *
 * Return: the runs, in the order of a trailer; to be freed.
 */
struct xelf_hint *record_runs(const struct recording *rec, size_t *count)
{
	struct xelf_hint *runs = allocate(XELF_HINTS_RUNS * sizeof(*runs));
	struct choices best = choose(rec, 0);
	unsigned int gap;

	for (gap = 1; gap < AROUND_PAGES; gap++) {
		struct choices choices = choose(rec, gap);

		if (choices.gain > best.gain) {
			free(best.list);
			best = choices;
		} else {
			free(choices.list);
		}
	}
	*count = collect_runs(&best, runs);
	free(best.list);
	return runs;
}
