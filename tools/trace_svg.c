// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf trace --svg: a line for each phase, its time as a bar, and the page
 * faults in it as ticks; two runs one below the other, on the same scale.
 */
#include <stdlib.h>
#include <string.h>

#include "svg.h"
#include "trace.h"
#include "trace_count.h"

#define WIDTH		1100
#define MARGIN		14
#define NAME_WIDTH	150
#define TIME_WIDTH	110
#define BAR_X		(MARGIN + NAME_WIDTH + TIME_WIDTH + 12)
#define BAR_WIDTH	(WIDTH - MARGIN - BAR_X)
#define ROW		(SVG_LINE + 6)

#define STEP_COLOUR	"#2b7bba"
#define OTHER_COLOUR	"#9aa7b3"
#define FILE_COLOUR	"#2e8b57"
#define ANON_COLOUR	"#e6781e"
#define MAJOR_COLOUR	"#d0455b"
#define PALE		"#f6f8fa"
#define EDGE		"#8a939c"

/* Pixels for a time. */
static double scaled(__u64 ns, __u64 total)
{
	return total ? (double)BAR_WIDTH * ns / total : 0;
}

static void draw_faults(struct svg *svg, const struct trace *trace,
			const struct phase *phase, __u64 total, double y)
{
	double last = -1;
	size_t i;

	for (i = phase->first; i < phase->last; i++) {
		const struct event *event = &trace->events[i];
		bool major = event->fault.cost == COST_MAJOR;
		double x = BAR_X + scaled(event->ns - trace->fork_ns, total);

		if (event->kind != TRACE_FAULT)
			continue;
		/* What falls on the same pixel is not drawn again. */
		if (x - last < 0.5 && !major)
			continue;
		last = x;
		svg_rect(svg, x, y, 1, 6, major ? MAJOR_COLOUR :
			 is_file_page(trace, event->ns, event->fault.addr) ?
			 FILE_COLOUR : ANON_COLOUR);
	}
}

static void draw_phase(struct svg *svg, const struct trace *trace,
		       const struct phase *phase, __u64 total, double y)
{
	struct counts counts;
	char *time = format("%.3f ms", (phase->end - phase->begin) / 1e6);
	char *title;
	double width = scaled(phase->end - phase->begin, total);

	count_events(trace, phase->first, phase->last, &counts);
	title = counts_text(&counts);
	svg_box(svg, &(struct svg_box){
		.x = MARGIN + phase->depth * 12, .y = y,
		.width = NAME_WIDTH - phase->depth * 12, .height = SVG_LINE,
		.fill = PALE, .stroke = EDGE, .label = phase->name,
		.title = title, .bold = !phase->depth });
	svg_box(svg, &(struct svg_box){
		.x = MARGIN + NAME_WIDTH + 4, .y = y, .width = TIME_WIDTH,
		.height = SVG_LINE, .label = time });
	svg_rect(svg, BAR_X + scaled(phase->begin - trace->fork_ns, total), y,
		 width < 0.5 ? 0.5 : width, 12,
		 phase->depth ? STEP_COLOUR : OTHER_COLOUR);
	draw_faults(svg, trace, phase, total, y + 14);
	free(title);
	free(time);
}

static __u64 length_of(const struct timeline *timeline)
{
	return timeline->phases[timeline->count - 1].end -
	       timeline->trace->fork_ns;
}

static double draw_legend(struct svg *svg, double y)
{
	static const struct {
		const char *colour, *label;
	} keys[] = {
		{ STEP_COLOUR, "a step of the loader" },
		{ OTHER_COLOUR, "another phase" },
		{ FILE_COLOUR, "fault: file page" },
		{ ANON_COLOUR, "fault: anonymous" },
		{ MAJOR_COLOUR, "fault: major" },
	};
	double x = MARGIN;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		double width = svg_text_width(keys[i].label);

		svg_rect(svg, x, y + 4, 12, 12, keys[i].colour);
		svg_box(svg, &(struct svg_box){
			.x = x + 14, .y = y, .width = width,
			.height = SVG_LINE, .label = keys[i].label });
		x += width + 28;
	}
	return y + ROW;
}

/**
 * trace_draw() - draw timelines
 * @timelines: of one program
 * @count: their number
 * @path: the file to write
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying what failed.
 */
int trace_draw(const struct timeline *timelines, size_t count,
	       const char *path)
{
	double y = MARGIN;
	__u64 total = 0;
	struct svg svg;
	size_t i, p;

	svg_begin(&svg, WIDTH, timelines[0].trace->path);
	for (i = 0; i < count; i++)
		if (length_of(&timelines[i]) > total)
			total = length_of(&timelines[i]);
	for (i = 0; i < count; i++) {
		const struct trace *trace = timelines[i].trace;
		char *result = result_text(trace);
		char *label = format("%s: %s", trace->path, result);
		char *room;

		svg_box(&svg, &(struct svg_box){
			.x = MARGIN, .y = y, .width = WIDTH - 2 * MARGIN,
			.height = SVG_LINE, .label = label, .bold = true });
		y += ROW;
		if (lost_text(trace, &room)) {
			svg_box(&svg, &(struct svg_box){
				.x = MARGIN, .y = y,
				.width = WIDTH - 2 * MARGIN,
				.height = SVG_LINE, .label = room });
			y += ROW;
		}
		for (p = 0; p < timelines[i].count; p++) {
			draw_phase(&svg, trace, &timelines[i].phases[p], total,
				   y);
			y += ROW;
		}
		y += ROW / 2;
		free(room);
		free(label);
		free(result);
	}
	y = draw_legend(&svg, y);
	return svg_end(&svg, y + MARGIN, path);
}
