// SPDX-License-Identifier: GPL-2.0-only
/* What is collected of a run: lists that grow. */
#include <stdlib.h>
#include <string.h>

#include "trace.h"

/* 80 bytes each. */
#define EVENTS_MAX	2000000

#define STEP_NAME(id, name) \
	[XELF_STEP_##id] = #name,
const char *const step_names[XELF_STEP_COUNT] = { XELF_STEPS(STEP_NAME) };

/* Room for one more: as in a vector, twice as much when it is full. */
static void *grown(void *list, size_t count, size_t *room, size_t size)
{
	void *more;

	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 64;
	more = allocate(*room * size);
	if (count)
		memcpy(more, list, count * size);
	free(list);
	return more;
}

/**
 * trace_add() - something happened
 * @trace: the run
 * @ns: when
 * @kind: what
 *
 * Return: for the caller to fill in, or NULL if there are too many already.
 */
struct event *trace_add(struct trace *trace, __u64 ns, enum event_kind kind)
{
	struct event *event;

	if (trace->count == EVENTS_MAX) {
		trace->lost.kept_out++;
		return NULL;
	}
	trace->events = grown(trace->events, trace->count, &trace->room,
			      sizeof(*trace->events));
	event = &trace->events[trace->count++];
	*event = (struct event){ .ns = ns, .kind = kind };
	return event;
}

/**
 * trace_map() - memory gets a meaning
 * @trace: the run
 * @ns: when
 * @start: first address
 * @size: bytes
 * @offset: bytes; where in the file it begins
 * @path: the file, or a name in brackets
 */
void trace_map(struct trace *trace, __u64 ns, __u64 start, __u64 size,
	       __u64 offset, const char *path)
{
	trace->maps = grown(trace->maps, trace->map_count, &trace->map_room,
			    sizeof(*trace->maps));
	trace->maps[trace->map_count++] = (struct mapped){
		.ns = ns,
		.start = start,
		.end = start + size,
		.offset = offset,
		.path = format("%s", path),
	};
}

/**
 * trace_load() - a loader is asked
 * @trace: the run
 * @loader: which
 * @ns: when
 *
 * Return: for the caller to fill in.
 */
struct load *trace_load(struct trace *trace, enum loader loader, __u64 ns)
{
	struct load *load = allocate(sizeof(*load));

	*load = (struct load){ .loader = loader, .begin = ns, .step = -1 };
	trace->loads = grown(trace->loads, trace->load_count, &trace->load_room,
			     sizeof(*trace->loads));
	trace->loads[trace->load_count++] = load;
	return load;
}

/**
 * trace_cost() - a fault is over, and its cost is known
 * @trace: the run, its events in the order of time
 * @ns: when
 * @addr: where
 * @cost: minor or major
 */
void trace_cost(struct trace *trace, __u64 ns, __u64 addr, enum cost cost)
{
	/* The fault is the last one there that had begun by then. */
	size_t low = 0, high = trace->count, tries;
	struct event *event;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (trace->events[middle].ns <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	for (tries = 0; low-- && tries < 64; tries++) {
		event = &trace->events[low];
		if (event->kind != TRACE_FAULT || event->fault.addr != addr)
			continue;
		if (event->fault.cost == COST_UNKNOWN) {
			event->fault.cost = cost;
			event->took = ns - event->ns;
		}
		return;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

static int by_map_time(const void *a, const void *b)
{
	const struct mapped *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/**
 * trace_sort_maps() - put the mappings in the order of time
 * @trace: the run
 */
void trace_sort_maps(struct trace *trace)
{
	if (trace->map_count)
		qsort(trace->maps, trace->map_count, sizeof(*trace->maps),
		      by_map_time);
}

/**
 * trace_sort() - put the events in the order of time
 * @trace: the run
 *
 * The buffers of several processors were read one after the other.
 */
void trace_sort(struct trace *trace)
{
	if (trace->count)
		qsort(trace->events, trace->count, sizeof(*trace->events),
		      by_time);
}

/**
 * trace_free() - forget a run
 * @trace: the run
 */
void trace_free(struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->count; i++)
		if (trace->events[i].kind == TRACE_DETAIL)
			free(trace->events[i].text);
	for (i = 0; i < trace->map_count; i++)
		free(trace->maps[i].path);
	for (i = 0; i < trace->load_count; i++) {
		free(trace->loads[i]->reason);
		free(trace->loads[i]);
	}
	free(trace->events);
	free(trace->maps);
	free(trace->loads);
	*trace = (struct trace){ };
}
