// SPDX-License-Identifier: GPL-2.0-only
/* Counts the events of a stretch of a timeline. */
#include "trace_count.h"

/**
 * count_events() - count
 * @trace: the run
 * @first: index of the first event
 * @last: index behind the last one
 * @counts: filled in
 */
void count_events(const struct trace *trace, size_t first, size_t last,
		  struct counts *counts)
{
	size_t i;

	*counts = (struct counts){ };
	for (i = first; i < last; i++) {
		const struct event *event = &trace->events[i];

		if (event->kind == TRACE_CALL)
			counts->calls++;
		else if (event->kind != TRACE_FAULT)
			counts->other++;
		if (event->kind != TRACE_FAULT)
			continue;
		counts->faults++;
		counts->major += event->fault.cost == COST_MAJOR;
		if (!is_file_page(trace, event->ns, event->fault.addr))
			counts->anon++;
		else if (event->fault.access == ACCESS_WRITE)
			counts->copied++;
		else
			counts->file++;
	}
}

/**
 * counts_text() - in words
 * @counts: from count_events()
 *
 * Return: one line, for the caller to free.
 */
char *counts_text(const struct counts *counts)
{
	return format("%zu faults (%zu major; %zu file, %zu copied, %zu anonymous), %zu calls",
		      counts->faults, counts->major, counts->file,
		      counts->copied, counts->anon, counts->calls);
}
