// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf map --svg: the execution view on the left, a box for each mapping, its
 * pages below; the link view on the right, the segments and sections of the
 * files; bands from the ones to the others.
 *
 * A box is higher the larger the mapping is, by the logarithm: a page and a
 * gigabyte are on one picture.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "map.h"
#include "svg.h"

/* Columns, and what lies between things. */
#define WIDTH		1260
#define MARGIN		14
#define ADDRESS_WIDTH	132
#define MAPPING_X	(MARGIN + ADDRESS_WIDTH)
#define MAPPING_WIDTH	500
#define MAPPING_RIGHT	(MAPPING_X + MAPPING_WIDTH)
#define LINK_X		(MAPPING_RIGHT + 70)
#define LINK_WIDTH	(WIDTH - MARGIN - LINK_X)
#define GAP		6
#define BAR		8
#define INSET		6

/* Colours of pages, and of what fills a segment. */
#define FILE_COLOUR	"#2b7bba"
#define ANON_COLOUR	"#e6781e"
#define SWAP_COLOUR	"#8064a2"
#define ABSENT_COLOUR	"#ffffff"
#define PADDING_COLOUR	"#d0455b"
#define EDGE		"#8a939c"
#define PALE		"#f6f8fa"

/**
 * struct canvas - what the parts of the drawing share
 * @svg: the picture
 * @map: the address space
 * @tops: for each segment of each object where its box begins; 0: not drawn
 * @bottoms: and where it ends
 */
struct canvas {
	struct svg svg;
	const struct map *map;
	double **tops;
	double **bottoms;
};

static const char *rights_colour(bool write, bool exec, bool any)
{
	if (write && exec)
		return "#f6c5c5";
	return write ? "#fde3c9" : exec ? "#d5edcf" : any ? "#d9e8f6" :
							    "#ececec";
}

static const char *mapping_colour(const struct mapping *mapping)
{
	return rights_colour(mapping->rights[1] == 'w',
			     mapping->rights[2] == 'x',
			     strncmp(mapping->rights, "---", 3));
}

static const char *segment_colour(const GElf_Phdr *phdr)
{
	return rights_colour(phdr->p_flags & PF_W, phdr->p_flags & PF_X,
			     phdr->p_flags);
}

static double mapping_height(const struct mapping *mapping)
{
	double pages = mapping_pages(mapping);

	return SVG_LINE + BAR + 8 + 5 * log2(pages < 1 ? 1 : pages);
}

static const char *page_colour(unsigned char page)
{
	switch (page) {
	case PAGE_FILE:
		return FILE_COLOUR;
	case PAGE_ANON:
		return ANON_COLOUR;
	case PAGE_SWAPPED:
		return SWAP_COLOUR;
	default:
		return ABSENT_COLOUR;
	}
}

/* Runs of pages that are alike, to scale; thin ones at least as a line. */
static void draw_pages(struct canvas *canvas, const struct mapping *mapping,
		       double y)
{
	double width = MAPPING_WIDTH - 2 * INSET;
	double x = MAPPING_X + INSET;
	size_t count = mapping_pages(mapping), i, end;

	svg_rect(&canvas->svg, x - 1, y - 1, width + 2, BAR + 2, EDGE);
	svg_rect(&canvas->svg, x, y, width, BAR, ABSENT_COLOUR);
	for (i = 0; mapping->pages && i < count; i = end) {
		double run;

		for (end = i + 1; end < count; end++)
			if (mapping->pages[end] != mapping->pages[i])
				break;
		if (mapping->pages[i] == PAGE_ABSENT)
			continue;
		run = width * (end - i) / count;
		svg_rect(&canvas->svg, x + width * i / count, y,
			 run < 0.5 ? 0.5 : run, BAR,
			 page_colour(mapping->pages[i]));
	}
}

/* What stands in a mapping's box: rights, size, name; pages. */
static char *mapping_label(const struct map *map, const struct mapping *mapping)
{
	const char *kind = mapping_kind(map, mapping);
	const char *name = *mapping->path ? mapping->path : kind;
	const char *slash = strrchr(name, '/');
	char room[32];

	return format("%s %5s  %s%s%s", mapping->rights,
		      size_text(mapping->end - mapping->start, room),
		      slash ? slash + 1 : name,
		      mapping_is_relro(map, mapping) ? ", relro" : "",
		      strcmp(kind, "gap") ? "" : ", kept free");
}

static char *mapping_title(const struct map *map, const struct mapping *mapping)
{
	return format("%llx-%llx %s offset 0x%llx %s: %s, pages: %zu file, %zu anon, %zu swapped",
		      HEX(mapping->start), HEX(mapping->end), mapping->rights,
		      HEX(mapping->offset), mapping->path,
		      mapping_kind(map, mapping), mapping->file, mapping->anon,
		      mapping->swapped);
}

/* How many pages are there, on the right of a mapping's first line. */
static double draw_counts(struct canvas *canvas, const struct mapping *mapping,
			  double y)
{
	char *text = format("%zu file + %zu anon of %zu", mapping->file,
			    mapping->anon, mapping_pages(mapping));
	double width = svg_text_width(text);

	svg_box(&canvas->svg, &(struct svg_box){
		.x = MAPPING_RIGHT - width,
		.y = y,
		.width = width,
		.height = SVG_LINE,
		.label = text,
	});
	free(text);
	return width;
}

static double draw_mapping(struct canvas *canvas,
			   const struct mapping *mapping, double y)
{
	char *address = format("%012llx", HEX(mapping->start));
	char *label = mapping_label(canvas->map, mapping);
	char *title = mapping_title(canvas->map, mapping);
	double height = mapping_height(mapping);
	double counts;

	svg_box(&canvas->svg, &(struct svg_box){
		.x = MARGIN,
		.y = y,
		.width = ADDRESS_WIDTH,
		.height = SVG_LINE,
		.label = address,
		.keep_end = true,
	});
	svg_rect(&canvas->svg, MAPPING_X, y, MAPPING_WIDTH, height, EDGE);
	svg_rect(&canvas->svg, MAPPING_X + 0.7, y + 0.7, MAPPING_WIDTH - 1.4,
		 height - 1.4, mapping_colour(mapping));
	counts = draw_counts(canvas, mapping, y);
	svg_box(&canvas->svg, &(struct svg_box){
		.x = MAPPING_X,
		.y = y,
		.width = MAPPING_WIDTH - counts,
		.height = SVG_LINE,
		.label = label,
		.title = title,
	});
	draw_pages(canvas, mapping, y + height - BAR - 5);
	free(title);
	free(label);
	free(address);
	return y + height;
}

static double draw_hole(struct canvas *canvas, __u64 size, double y)
{
	double height = SVG_LINE + 2 * log2(size / PAGE_SIZE_SHOWN);
	char room[32];
	char *label = format("hole of %s", size_text(size, room));

	svg_box(&canvas->svg, &(struct svg_box){
		.x = MAPPING_X + MAPPING_WIDTH / 2 - svg_text_width(label) / 2,
		.y = y + height / 2 - SVG_LINE / 2,
		.width = svg_text_width(label),
		.height = SVG_LINE,
		.label = label,
	});
	free(label);
	return y + height;
}

/* A segment's whole pages to scale: its sections, and what is none. */
static void draw_segment_bar(struct canvas *canvas, const struct sections *elf,
			     const GElf_Phdr *phdr, double y)
{
	__u64 page_size = PAGE_SIZE_SHOWN;
	double x = LINK_X + INSET, width = LINK_WIDTH - 2 * INSET;
	__u64 start = xelf_page_floor(phdr->p_vaddr, page_size);
	__u64 end = xelf_page_ceil(phdr->p_vaddr + phdr->p_memsz, page_size);
	double scale = end > start ? width / (end - start) : 0;
	size_t i;

	svg_rect(&canvas->svg, x - 1, y - 1, width + 2, BAR + 2, EDGE);
	svg_rect(&canvas->svg, x, y, width, BAR, PADDING_COLOUR);
	/* The segment without its sections: headers, and gaps between them. */
	svg_rect(&canvas->svg, x + (phdr->p_vaddr - start) * scale, y,
		 phdr->p_memsz * scale, BAR,
		 elf->count ? "#c9ced4" : "#ffffff");
	for (i = 0; i < elf->count; i++) {
		const struct section *section = &elf->list[i];

		if (!section_memory(section) ||
		    !section_in_segment(section, phdr))
			continue;
		svg_rect(&canvas->svg, x + (section->addr - start) * scale, y,
			 section->size * scale, BAR,
			 section->type == SHT_NOBITS ? "#fff3e6" : "#ffffff");
		/* An edge, so that neighbours can be told apart. */
		svg_rect(&canvas->svg, x + (section->addr - start) * scale, y,
			 0.4, BAR, EDGE);
	}
}

static void draw_section(struct canvas *canvas, const struct section *section,
			 double x, double y, double width)
{
	char *title = format("%s: address 0x%llx, %llu bytes, file offset 0x%llx",
			     section->name, HEX(section->addr),
			     HEX(section->size), HEX(section->offset));

	svg_box(&canvas->svg, &(struct svg_box){
		.x = x,
		.y = y,
		.width = width,
		.height = SVG_LINE,
		.fill = section->type == SHT_NOBITS ? "#fff3e6" : "#ffffff",
		.stroke = EDGE,
		.label = section->name,
		.title = title,
	});
	free(title);
}

/*
 * The names of a segment's sections, each in a box, in rows. Returns their
 * lower end; nothing is drawn without @draw, since a segment's own box comes
 * first and needs to know.
 */
static double place_sections(struct canvas *canvas, const struct sections *elf,
			     const GElf_Phdr *phdr, double y, bool draw)
{
	double x = LINK_X + INSET, right = LINK_X + LINK_WIDTH - INSET;
	bool any = false;
	size_t i;

	for (i = 0; i < elf->count; i++) {
		const struct section *section = &elf->list[i];
		double width = svg_text_width(section->name);

		if (!(section->flags & SHF_ALLOC) ||
		    !section_in_segment(section, phdr))
			continue;
		width = fmin(width, right - LINK_X - INSET);
		if (x + width > right) {
			x = LINK_X + INSET;
			y += SVG_LINE + 2;
		}
		if (draw)
			draw_section(canvas, section, x, y, width);
		x += width + 3;
		any = true;
	}
	return any ? y + SVG_LINE + 4 : y;
}

static double draw_segment(struct canvas *canvas, const struct object *object,
			   size_t index, double y)
{
	const struct sections *elf = &object->elf;
	const GElf_Phdr *phdr = &elf->phdrs[index];
	double inner = SVG_LINE + BAR + 6;
	double height = place_sections(canvas, elf, phdr, inner, false) + 2;
	char rights[4];
	char *label = format("LOAD#%zu %s  file 0x%llx + 0x%llx, memory 0x%llx + 0x%llx",
			     index, rights_text(phdr->p_flags, rights),
			     HEX(phdr->p_offset), HEX(phdr->p_filesz),
			     HEX(phdr->p_vaddr), HEX(phdr->p_memsz));

	svg_box(&canvas->svg, &(struct svg_box){
		.x = LINK_X,
		.y = y,
		.width = LINK_WIDTH,
		.height = height,
		.fill = segment_colour(phdr),
		.stroke = EDGE,
		.label = label,
	});
	free(label);
	draw_segment_bar(canvas, elf, phdr, y + SVG_LINE);
	place_sections(canvas, elf, phdr, y + inner, true);
	return y + height;
}

/* The link view of one file. Returns its lower end. */
static double draw_object(struct canvas *canvas, size_t which, double y)
{
	const struct object *object = &canvas->map->objects[which];
	const struct padding *padding = &object->padding;
	char *label = object->bias ?
		format("%s: addresses + 0x%llx", role_name(object->role),
		       HEX(object->bias)) :
		format("%s: at its own addresses", role_name(object->role));
	char *costs = format("alignment, bytes: %llu around segments, %llu between, %llu file",
			     HEX(padding->around), HEX(padding->holes),
			     HEX(padding->file));
	const char *const lines[] = { object->path, label, costs };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		svg_box(&canvas->svg, &(struct svg_box){
			.x = LINK_X,
			.y = y,
			.width = LINK_WIDTH,
			.height = SVG_LINE,
			.label = lines[i],
			.bold = !i,
			.keep_end = !i,
		});
		y += SVG_LINE - 2;
	}
	y += 2;
	free(costs);
	free(label);
	for (i = 0; i < object->elf.phdr_count; i++) {
		if (object->elf.phdrs[i].p_type != PT_LOAD)
			continue;
		canvas->tops[which][i] = y;
		y = draw_segment(canvas, object, i, y);
		canvas->bottoms[which][i] = y;
		y += GAP;
	}
	return y;
}

/* A band from a mapping to each segment that it has something of. */
static void draw_links(struct canvas *canvas, const struct mapping *mapping,
		       double top, double bottom)
{
	const struct object *object;
	size_t i;

	if (mapping->object < 0)
		return;
	object = &canvas->map->objects[mapping->object];
	for (i = 0; i < object->elf.phdr_count; i++)
		if (mapping_has_segment(canvas->map, mapping,
					&object->elf.phdrs[i]))
			svg_link(&canvas->svg, MAPPING_RIGHT, top, bottom,
				 LINK_X, canvas->tops[mapping->object][i],
				 canvas->bottoms[mapping->object][i],
				 mapping_colour(mapping));
}

/* All mappings, and their files beside them. Returns the lower end. */
static double draw_views(struct canvas *canvas, double y)
{
	const struct map *map = canvas->map;
	double link_y = y;
	size_t i;

	for (i = 0; i < map->count; i++) {
		const struct mapping *mapping = &map->list[i];
		int which = mapping->object;
		bool is_new = which >= 0 && (!i || map->list[i - 1].object != which);
		double top;

		/* What is above the last is the kernel's, but for a gate page. */
		if (i && mapping->start > map->list[i - 1].end &&
		    !(mapping->start >> 48))
			y = draw_hole(canvas,
				      mapping->start - map->list[i - 1].end, y);
		/* The first mapping of a file, and the file, begin together. */
		if (is_new && map->objects[which].elf.phdr_count &&
		    !canvas->tops[which]) {
			size_t count = map->objects[which].elf.phdr_count;

			canvas->tops[which] = allocate(count * sizeof(double));
			canvas->bottoms[which] = allocate(count * sizeof(double));
			y = fmax(y, link_y) + GAP;
			link_y = y;
			link_y = draw_object(canvas, which, link_y) + GAP;
		}
		top = y;
		y = draw_mapping(canvas, mapping, y);
		draw_links(canvas, mapping, top, y);
		y += 1;
	}
	return fmax(y, link_y);
}

static double draw_key(struct canvas *canvas, double x, double y,
		       const char *colour, const char *label)
{
	svg_rect(&canvas->svg, x, y + 4, 12, 12, EDGE);
	svg_rect(&canvas->svg, x + 1, y + 5, 10, 10, colour);
	svg_box(&canvas->svg, &(struct svg_box){
		.x = x + 12,
		.y = y,
		.width = svg_text_width(label),
		.height = SVG_LINE,
		.label = label,
	});
	return x + 22 + svg_text_width(label);
}

static double draw_heading(struct canvas *canvas, const char *title)
{
	static const struct {
		const char *colour;
		const char *label;
	} keys[] = {
		{ FILE_COLOUR, "page of the file" },
		{ ANON_COLOUR, "anonymous page" },
		{ SWAP_COLOUR, "swapped out" },
		{ ABSENT_COLOUR, "not in memory, or a section" },
		{ PADDING_COLOUR, "around a segment, to the whole page" },
		{ "#c9ced4", "in a segment, and in no section" },
	};
	double x = MARGIN, y = MARGIN;
	size_t i;

	svg_box(&canvas->svg, &(struct svg_box){
		.x = MARGIN,
		.y = y,
		.width = WIDTH - 2 * MARGIN,
		.height = SVG_LINE,
		.label = title,
		.bold = true,
	});
	y += SVG_LINE + 2;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		x = draw_key(canvas, x, y, keys[i].colour, keys[i].label);
	y += SVG_LINE + GAP;
	svg_box(&canvas->svg, &(struct svg_box){
		.x = MAPPING_X,
		.y = y,
		.width = MAPPING_WIDTH,
		.height = SVG_LINE,
		.fill = PALE,
		.label = "execution view: what is mapped (heights by the logarithm)",
		.bold = true,
	});
	svg_box(&canvas->svg, &(struct svg_box){
		.x = LINK_X,
		.y = y,
		.width = LINK_WIDTH,
		.height = SVG_LINE,
		.fill = PALE,
		.label = "link view: the files' segments and sections",
		.bold = true,
	});
	return y + SVG_LINE + GAP;
}

/**
 * map_draw() - the address space as a picture
 * @map: from map_read() and map_link()
 * @path: where to write it
 *
 * Return: EXIT_DONE; EXIT_REFUSED after saying why it cannot be written.
 */
int map_draw(const struct map *map, const char *path)
{
	struct canvas canvas = { .map = map };
	char *title = format("Address space of %s, %s", map->program,
			     map->when);
	double y;
	size_t i;

	canvas.tops = allocate(map->object_count * sizeof(*canvas.tops));
	canvas.bottoms = allocate(map->object_count * sizeof(*canvas.bottoms));
	svg_begin(&canvas.svg, WIDTH, title);
	/* A viewer may be dark. */
	svg_rect(&canvas.svg, 0, 0, WIDTH, 1e5, "#ffffff");
	y = draw_heading(&canvas, title);
	y = draw_views(&canvas, y);
	for (i = 0; i < map->object_count; i++) {
		free(canvas.tops[i]);
		free(canvas.bottoms[i]);
	}
	free(canvas.tops);
	free(canvas.bottoms);
	free(title);
	return svg_end(&canvas.svg, y + MARGIN, path);
}
