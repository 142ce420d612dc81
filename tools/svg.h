/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small writer of SVG pictures that stand alone: no scripts, no fonts or
 * other files to fetch. Lengths are in pixels.
 *
 * Every label is in a box of its own (<g class="box"> with one <rect> and its
 * <text>), and is cut to fit; the whole text is then the box's <title>, which a
 * browser shows under the pointer. selftests/svg_test.sh checks that.
 */
#ifndef _TOOLS_SVG_H
#define _TOOLS_SVG_H

#include <stdbool.h>
#include <stdio.h>

#define SVG_FONT_SIZE	12
/* A line of text, with the space around it. */
#define SVG_LINE	20

/**
 * struct svg - a picture that is being drawn
 * @out: where it is collected
 * @text: what was collected
 * @size: bytes of it
 * @width: of the picture
 */
struct svg {
	FILE *out;
	char *text;
	size_t size;
	double width;
};

/**
 * struct svg_box - a rectangle with a label
 * @x: left edge
 * @y: upper edge
 * @width: of the box
 * @height: of the box; the label stands in its first line
 * @fill: colour as in CSS; NULL for none
 * @stroke: colour of the edge; NULL for none
 * @label: any bytes
 * @title: what the pointer shows; NULL: the label, if it was cut
 * @bold: a heading
 * @keep_end: of a label that is too long, the end tells more (a path)
 */
struct svg_box {
	double x;
	double y;
	double width;
	double height;
	const char *fill;
	const char *stroke;
	const char *label;
	const char *title;
	bool bold;
	bool keep_end;
};

void svg_begin(struct svg *svg, double width, const char *title);
double svg_text_width(const char *label);
void svg_box(struct svg *svg, const struct svg_box *box);
void svg_rect(struct svg *svg, double x, double y, double width, double height,
	      const char *fill);
void svg_link(struct svg *svg, double x0, double top0, double bottom0,
	      double x1, double top1, double bottom1, const char *fill);
int svg_end(struct svg *svg, double height, const char *path);

#endif /* _TOOLS_SVG_H */
