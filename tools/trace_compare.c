// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf trace --compare: both loaders' timelines side by side, in 100 columns,
 * phase by phase, with the difference.
 */
#include <stdlib.h>
#include <string.h>

#include "trace.h"
#include "trace_count.h"

/* Columns of one side. */
#define SIDE		49
/* Events of a phase that are shown one by one; --all shows the rest. */
#define SHOWN		40

/* In the order of an exec; a loader may not have one of them. */
#define STEP_NAME(id, name) #name,
static const char *const phase_names[] = {
	"fork", "execve", XELF_STEPS(STEP_NAME) "failed", "start-up", "main",
	"entry",
};

/* One side of a line: when in its phase, and what. */
static void print_side(const struct timeline *timeline,
		       const struct phase *phase, size_t index, bool last)
{
	char *text = format("%s", ""), *line;
	const struct event *event;

	if (phase && index < phase->last - phase->first) {
		event = &timeline->trace->events[phase->first + index];
		free(text);
		text = event_line(timeline->trace, event, true);
		line = format("%8.3f %s", (event->ns - phase->begin) / 1e6,
			      text);
	} else {
		line = format("%s", "");
	}
	if (last)
		printf("%.*s\n", SIDE, line);
	else
		printf("%-*.*s| ", SIDE, SIDE, line);
	free(line);
	free(text);
}

static size_t length_of(const struct phase *phase)
{
	return phase ? phase->last - phase->first : 0;
}

static void print_rest(const struct timeline *timeline,
		       const struct phase *phase, size_t shown, bool last)
{
	char *line = format("%s", ""), *text;
	struct counts counts;

	if (length_of(phase) > shown) {
		count_events(timeline->trace, phase->first + shown, phase->last,
			     &counts);
		free(line);
		text = counts_text(&counts);
		line = format("   ... %s", text);
		free(text);
	}
	if (last)
		printf("%.*s\n", SIDE, line);
	else
		printf("%-*.*s| ", SIDE, SIDE, line);
	free(line);
}

static void print_events(const struct timeline timelines[LOADER_COUNT],
			 const struct phase *const phases[LOADER_COUNT],
			 bool all)
{
	size_t a = length_of(phases[0]), b = length_of(phases[1]);
	size_t count = a > b ? a : b;
	size_t shown = all || count <= SHOWN ? count : SHOWN;
	size_t i;
	int side;

	/* Before its exec it is xelf that runs. */
	if (!all && phases[0] && !strcmp(phases[0]->name, "fork"))
		return;
	for (i = 0; i < shown; i++)
		for (side = 0; side < LOADER_COUNT; side++)
			print_side(&timelines[side], phases[side], i, side);
	if (shown == count)
		return;
	for (side = 0; side < LOADER_COUNT; side++)
		print_rest(&timelines[side], phases[side], shown, side);
}

static char *time_text(const struct phase *phase)
{
	return phase ? format("%.3f ms", (phase->end - phase->begin) / 1e6) :
		       format("-");
}

static void print_phase(const struct timeline timelines[LOADER_COUNT],
			const char *name, bool all)
{
	const struct phase *phases[LOADER_COUNT];
	char *times[LOADER_COUNT];
	char *left, *right;
	int side;

	for (side = 0; side < LOADER_COUNT; side++)
		phases[side] = timeline_phase(&timelines[side], name);
	if (!phases[0] && !phases[1])
		return;
	for (side = 0; side < LOADER_COUNT; side++)
		times[side] = time_text(phases[side]);
	left = format("%-14s %s", name, times[0]);
	right = format("%-14s %s", name, times[1]);
	if (phases[0] && phases[1])
		printf("%-*.*s| %-30s %+.3f\n", SIDE, SIDE, left, right,
		       ((double)(phases[1]->end - phases[1]->begin) -
			(double)(phases[0]->end - phases[0]->begin)) / 1e6);
	else
		printf("%-*.*s| %s\n", SIDE, SIDE, left, right);
	for (side = 0; side < LOADER_COUNT; side++)
		free(times[side]);
	free(left);
	free(right);
	print_events(timelines, phases, all);
}

/* Of both sides: what makes a text of a run. */
static void print_texts(const struct timeline timelines[LOADER_COUNT])
{
	struct counts counts;
	int side;

	for (side = 0; side < LOADER_COUNT; side++) {
		const struct trace *trace = timelines[side].trace;
		char *result = result_text(trace);
		char *room, *sum;

		count_events(trace, 0, trace->count, &counts);
		sum = counts_text(&counts);
		printf("%-12s %s\n%-12s %s\n", loader_names[side], result, "",
		       sum);
		if (lost_text(trace, &room))
			printf("%-12s %s\n", "", room);
		free(room);
		free(sum);
		free(result);
	}
}

/**
 * trace_print_both() - two timelines side by side
 * @timelines: of the same program under each loader
 * @all: each event, however many
 */
void trace_print_both(const struct timeline timelines[LOADER_COUNT], bool all)
{
	size_t i;

	printf("%-*s| %-30s %s\n", SIDE, loader_names[BINFMT_ELF],
	       loader_names[BINFMT_XELF], "difference (ms)");
	for (i = 0; i < ARRAY_SIZE(phase_names); i++)
		print_phase(timelines, phase_names[i], all);
	print_texts(timelines);
}
