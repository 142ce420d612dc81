// SPDX-License-Identifier: GPL-2.0-only
/* A list of facts: what `xelf diff` sees of a program, as text to compare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/**
 * facts_add() - add a fact
 * @facts: the list
 * @field: from format(); the list frees it
 * @fmt: the value, as for printf()
 */
void facts_add(struct facts *facts, char *field, const char *fmt, ...)
{
	struct fact *fact;
	va_list args;

	if (facts->count == facts->room) {
		size_t room = facts->room ? 2 * facts->room : 256;
		struct fact *list = allocate(room * sizeof(*list));

		if (facts->count)
			memcpy(list, facts->list, facts->count * sizeof(*list));
		free(facts->list);
		facts->list = list;
		facts->room = room;
	}
	fact = &facts->list[facts->count];
	fact->field = field;
	fact->order = facts->count++;
	va_start(args, fmt);
	fact->value = vformat(fmt, args);
	va_end(args);
}

static int by_field(const void *a, const void *b)
{
	const struct fact *fa = a, *fb = b;
	int order = strcmp(fa->field, fb->field);

	if (order)
		return order;
	return fa->order < fb->order ? -1 : fa->order > fb->order;
}

/**
 * facts_sort() - by field, so that two lists can be walked side by side
 * @facts: the list
 */
void facts_sort(struct facts *facts)
{
	if (facts->count)
		qsort(facts->list, facts->count, sizeof(*facts->list),
		      by_field);
}

/**
 * facts_free() - forget all facts
 * @facts: the list; empty afterwards
 */
void facts_free(struct facts *facts)
{
	size_t i;

	for (i = 0; i < facts->count; i++) {
		free(facts->list[i].field);
		free(facts->list[i].value);
	}
	free(facts->list);
	*facts = (struct facts){ };
}

/**
 * facts_compare() - walk two lists side by side
 * @theirs: the kernel's loader's; comes back sorted
 * @ours: our loader's; the same
 * @differ: called for each difference, with their number so far
 * @context: for @differ
 *
 * Return: the number of differences.
 */
size_t facts_compare(struct facts *theirs, struct facts *ours,
		     facts_differ *differ, void *context)
{
	const char *none = "(none)";
	size_t i = 0, j = 0, found = 0;

	facts_sort(theirs);
	facts_sort(ours);
	while (i < theirs->count || j < ours->count) {
		const struct fact *a = i < theirs->count ? &theirs->list[i] : NULL;
		const struct fact *b = j < ours->count ? &ours->list[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->field, b->field);

		if (order || strcmp(a->value, b->value))
			differ(context, found++, order <= 0 ? a->field : b->field,
			       order <= 0 ? a->value : none,
			       order >= 0 ? b->value : none);
		i += order <= 0;
		j += order >= 0;
	}
	return found;
}
