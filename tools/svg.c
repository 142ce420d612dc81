// SPDX-License-Identifier: GPL-2.0-only
/* A small writer of SVG pictures; svg.h says what holds for all of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "svg.h"
#include "xelf.h"

/*
 * Of the font's size: the width of a letter. The fonts that are asked for are
 * as wide for every letter, and none of them wider than 0.61.
 */
#define LETTER		0.62
/* On each side of a label. */
#define INSET		5

/* Printable ASCII with the three characters escaped that mean something. */
static void put_text(FILE *out, const char *text)
{
	char *plain = escaped(text);
	const char *c;

	for (c = plain; *c; c++) {
		if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '&')
			fputs("&amp;", out);
		else
			fputc(*c, out);
	}
	free(plain);
}

/**
 * svg_begin() - begin a picture
 * @svg: filled in; svg_end() is for the caller
 * @width: of the picture
 * @title: what it shows
 */
void svg_begin(struct svg *svg, double width, const char *title)
{
	*svg = (struct svg){ .width = width };
	svg->out = open_memstream(&svg->text, &svg->size);
	if (!svg->out)
		exit(fail("", "drawing", errno));
	fputs("<title>", svg->out);
	put_text(svg->out, title);
	fputs("</title>\n", svg->out);
}

/**
 * svg_text_width() - room that a label needs
 * @label: any bytes
 *
 * Return: the width of a box that it fits into as it is.
 */
double svg_text_width(const char *label)
{
	char *plain = escaped(label);
	double width = strlen(plain) * LETTER * SVG_FONT_SIZE + 2 * INSET;

	free(plain);
	return width;
}

/* The label, or as much as has room, with three dots for the rest. */
static void put_label(FILE *out, const struct svg_box *box)
{
	char *plain = escaped(box->label);
	size_t length = strlen(plain);
	double room = (box->width - 2 * INSET) / (LETTER * SVG_FONT_SIZE);
	size_t fits = room > 0 ? room : 0;

	if (length <= fits) {
		put_text(out, box->label);
	} else if (fits >= 3) {
		const char *part = plain + (box->keep_end ? length - fits + 1 :
							    0);
		char *cut = format("%.*s", (int)fits - 1, part);

		fputs(box->keep_end ? "&#8230;" : "", out);
		/* It has been escaped, and must not be once more. */
		for (part = cut; *part; part++)
			fprintf(out, *part == '<' || *part == '>' ||
				*part == '&' ? "&#%d;" : "%c", *part);
		fputs(box->keep_end ? "" : "&#8230;", out);
		free(cut);
	}
	free(plain);
}

/**
 * svg_box() - draw a rectangle with a label
 * @svg: the picture
 * @box: what to draw
 */
void svg_box(struct svg *svg, const struct svg_box *box)
{
	bool cut = svg_text_width(box->label) > box->width;
	const char *title = box->title ? box->title : cut ? box->label : NULL;

	fputs("<g class=\"box\">", svg->out);
	if (title) {
		fputs("<title>", svg->out);
		put_text(svg->out, title);
		fputs("</title>", svg->out);
	}
	fprintf(svg->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" fill=\"%s\" stroke=\"%s\"/>",
		box->x, box->y, box->width, box->height,
		box->fill ? box->fill : "none",
		box->stroke ? box->stroke : "none");
	fprintf(svg->out, "<text x=\"%.1f\" y=\"%.1f\"%s>", box->x + INSET,
		box->y + SVG_LINE * 0.7,
		box->bold ? " font-weight=\"bold\"" : "");
	put_label(svg->out, box);
	fputs("</text></g>\n", svg->out);
}

/**
 * svg_rect() - fill a rectangle
 * @svg: the picture
 * @x: left edge
 * @y: upper edge
 * @width: of the rectangle
 * @height: of the rectangle
 * @fill: colour
 */
void svg_rect(struct svg *svg, double x, double y, double width, double height,
	      const char *fill)
{
	fprintf(svg->out,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\"/>\n",
		x, y, width, height, fill);
}

/**
 * svg_link() - a band that shows that two edges belong together
 * @svg: the picture
 * @x0: where the left edge is
 * @top0: its upper end
 * @bottom0: its lower end
 * @x1: where the right edge is
 * @top1: its upper end
 * @bottom1: its lower end
 * @fill: colour
 */
void svg_link(struct svg *svg, double x0, double top0, double bottom0,
	      double x1, double top1, double bottom1, const char *fill)
{
	double middle = (x0 + x1) / 2;

	fprintf(svg->out,
		"<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fV%.1fC%.1f %.1f %.1f %.1f %.1f %.1fZ\" fill=\"%s\" fill-opacity=\"0.7\"/>\n",
		x0, top0, middle, top0, middle, top1, x1, top1, bottom1, middle,
		bottom1, middle, bottom0, x0, bottom0, fill);
}

static bool write_to(const struct svg *svg, FILE *file, double height)
{
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,'Courier New',monospace\" font-size=\"%d\">\n",
		svg->width, height, svg->width, height, SVG_FONT_SIZE);
	fwrite(svg->text, svg->size, 1, file);
	fputs("</svg>\n", file);
	return !fflush(file) && !ferror(file);
}

/**
 * svg_end() - write a picture and forget it
 * @svg: the picture
 * @height: of the picture
 * @path: the file, created or replaced; "-" for standard output
 *
 * Return: EXIT_DONE; EXIT_REFUSED after saying why it cannot be written.
 */
int svg_end(struct svg *svg, double height, const char *path)
{
	bool is_file = strcmp(path, "-");
	FILE *file;
	bool done;
	int err;

	if (fclose(svg->out))
		exit(fail("", "drawing", errno));
	file = is_file ? fopen(path, "we") : stdout;
	done = file && write_to(svg, file, height);
	err = errno;
	if (file && is_file && fclose(file) && done) {
		done = false;
		err = errno;
	}
	free(svg->text);
	return done ? EXIT_DONE :
		      fail(path, "the picture cannot be written", err);
}
