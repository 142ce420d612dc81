// SPDX-License-Identifier: GPL-2.0-only
/* xelf trace, for people at a terminal of 100 columns: an indented timeline. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace.h"
#include "trace_count.h"

#define WIDTH		100
/* Columns of the times. */
#define TIMES		21
/* Events of a phase that are shown one by one; --all shows the rest. */
#define SHOWN		120

struct colours {
	const char *off, *bold, *dim, *file, *anon, *bad;
};

static const struct colours *colours(void)
{
	static const struct colours none = { "", "", "", "", "", "" };
	static const struct colours some = {
		"\033[0m", "\033[1m", "\033[2m", "\033[32m", "\033[33m",
		"\033[31m",
	};
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) ? &some : &none;
}

static const char *colour_of(const struct trace *trace,
			     const struct event *event)
{
	const struct colours *c = colours();

	switch (event->kind) {
	case TRACE_FAULT:
		return event->fault.cost == COST_MAJOR ? c->bad :
		       is_file_page(trace, event->ns, event->fault.addr) ?
		       c->file : c->anon;
	case TRACE_DETAIL:
		return c->dim;
	case TRACE_SIGNAL:
		return c->bad;
	default:
		return "";
	}
}

/* A line: when, how long, and what, cut where the terminal ends. */
static void print_line(const struct trace *trace, __u64 ns, __u64 took,
		       int depth, const char *colour, const char *text)
{
	int room = WIDTH - TIMES - 2 * depth;
	int length = strlen(text);

	printf("%10.3f ", (double)(__s64)(ns - trace->fork_ns) / 1e6);
	if (took)
		printf("%9.3f ", took / 1e6);
	else
		printf("%10s", "");
	printf("%*s%s%.*s%s%s\n", 2 * depth, "", colour,
	       length > room ? room - 3 : length, text,
	       length > room ? "..." : "", *colour ? colours()->off : "");
}

static void print_events(const struct trace *trace, const struct phase *phase,
			 bool all)
{
	size_t end = phase->last, i;
	const struct event *last;
	struct counts counts;
	char *text;

	if (!all && end - phase->first > SHOWN)
		end = phase->first + SHOWN;
	for (i = phase->first; i < end; i++) {
		const struct event *event = &trace->events[i];

		text = event_line(trace, event, false);
		print_line(trace, event->ns, event->took, phase->depth + 1,
			   colour_of(trace, event), text);
		free(text);
	}
	if (end == phase->last)
		return;
	count_events(trace, end, phase->last, &counts);
	text = counts_text(&counts);
	printf("%*s... and %zu more: %s (--all shows them)\n",
	       TIMES + 2 * (phase->depth + 1), "", phase->last - end, text);
	free(text);
	/* How it ended is told in any case. */
	last = &trace->events[phase->last - 1];
	if (last->kind == TRACE_EXIT) {
		text = event_line(trace, last, false);
		print_line(trace, last->ns, 0, phase->depth + 1, "", text);
		free(text);
	}
}

/* What a phase is, in words. */
static char *phase_text(const struct trace *trace, const struct phase *phase)
{
	if (!strcmp(phase->name, "start-up"))
		return format("start-up%s", !trace->main_probe ?
			      ", and what follows" : trace->main_symbol ?
			      ": to main" : ": to the program's entry point");
	if (!strcmp(phase->name, "fork"))
		return format("fork, and until it is watched");
	return format("%s", phase->name);
}

static void print_sum(const struct timeline *timeline)
{
	const struct trace *trace = timeline->trace;
	struct counts counts;
	char *result = result_text(trace);
	char *sum, *room;

	count_events(trace, 0, trace->count, &counts);
	sum = counts_text(&counts);
	printf("%s\n%s\n", result, sum);
	if (!trace->perf)
		printf("perf_event_open() was refused: no %s, no names of files\n",
		       trace->fault_events ? "costs of faults" : "faults");
	else if (!trace->fault_events)
		puts("no trace events of faults here: they are perf's, of unknown access");
	if (!trace->main_probe)
		printf("%s is not shown: no probe can be put there\n",
		       trace->main_symbol ? "main" : "the entry point");
	if (lost_text(trace, &room))
		printf("%s%s%s\n", colours()->bad, room, colours()->off);
	free(room);
	free(sum);
	free(result);
}

/**
 * trace_print() - a timeline
 * @timeline: of a run
 * @all: each event, however many
 */
void trace_print(const struct timeline *timeline, bool all)
{
	const struct trace *trace = timeline->trace;
	size_t i;

	printf("%10s %9s %s\n", "ms", "took ms", "what");
	for (i = 0; i < timeline->count; i++) {
		const struct phase *phase = &timeline->phases[i];
		char *text = phase_text(trace, phase);

		print_line(trace, phase->begin, phase->end - phase->begin,
			   phase->depth, colours()->bold, text);
		free(text);
		print_events(trace, phase, all);
	}
	print_sum(timeline);
}
