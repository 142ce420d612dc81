// SPDX-License-Identifier: GPL-2.0-only
/* Finds the cases of the table, and writes their files. */
#include "cases.h"
#include "xelf_test.h"

/* The case as it is with the running kernel. */
static const struct image_case *case_here(const struct image_case *c)
{
	static struct image_case here;
	unsigned int kernel = kernel_release();

	here = *c;
	if (kernel < c->runs_since)
		here.any_end = true;
	if (c->refused_until && kernel >= c->refused_until) {
		here.reason = NULL;
		here.err = 0;
	}
	return &here;
}

const struct image_case *case_at(size_t number)
{
	static const struct case_list *const lists[] = {
		&header_cases, &abi_cases, &segment_cases, &bss_cases,
		&place_cases, &interp_cases, &property_cases, &tag_cases,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		if (number < lists[i]->count)
			return case_here(&lists[i]->cases[number]);
		number -= lists[i]->count;
	}
	return NULL;
}

const struct image_case *case_find(const char *name)
{
	const struct image_case *c;
	size_t i;

	for (i = 0; (c = case_at(i)); i++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static void deviate(struct image *image, const struct image_set *set,
		    void (*change)(struct image *image))
{
	/* Little-endian, as the image. */
	memcpy((char *)image + set->at, &set->value, set->size);
	if (change)
		change(image);
}

bool case_write(const struct image_case *c, const char *program)
{
	static struct image image;
	char interp[CASE_PATH_SIZE];

	snprintf(interp, sizeof(interp), "%s%s", program, INTERP_SUFFIX);
	if (c->interp != ET_NONE) {
		image_init(&image, c->interp);
		deviate(&image, &c->set_interp, c->change_interp);
		image_write(&image, interp, false);
	}
	image_init(&image, c->type);
	if (c->interp != ET_NONE)
		image_interp(&image, interp);
	deviate(&image, &c->set, c->change);
	image_write(&image, program, true);
	if (c->damage) {
		c->damage(image.bytes);
		write_file(program, image.bytes, image.size, 0755);
	}
	return c->interp != ET_NONE;
}

void image_move(struct image *image, unsigned long by)
{
	int n;

	for (n = PH_HEADERS; n <= PH_DATA; n++)
		image->phdr[n].p_vaddr += by;
	image->ehdr.e_entry += by;
}
