// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs: what they are made of (the images of the tests' table, and real
 * programs), where they differ from that, and their text:
 *
 *	program BASE SIZE
 *	interpreter BASE SIZE
 *	set NAME NUMBER
 *	program @OFFSET BYTES		# what lies there
 *	interpreter @OFFSET BYTES
 *
 * Offsets and bytes are hexadecimal. A line less is an input, too.
 */
#include "../cases.h"
#include "../xelf_test.h"
#include "exec_fuzz.h"

#define MAX_BASES	1024
#define REAL_PREFIX	"real-"

/* A file to begin with, with PROGRAM and INTERP as its paths. */
static struct base {
	char *name;
	__u8 *bytes;
	size_t size;
	int interp;	/* the base of the interpreter that goes with a program */
	bool is_program;
	bool is_case;
} bases[MAX_BASES];
static int base_total;

static const char *const file_names[FILES] = { "program", "interpreter" };

static int base_add(const char *name, const void *bytes, size_t size)
{
	struct base *base = &bases[base_total];

	if (base_total == MAX_BASES || size > MAX_FILE)
		die("%s: too many or too large files to begin with", name);
	*base = (struct base){
		.name = strdup(name),
		.bytes = malloc(size + 1),
		.size = size,
	};
	memcpy(base->bytes, bytes, size);
	return base_total++;
}

static int base_read(const char *name, const char *path)
{
	static __u8 bytes[MAX_FILE];

	return base_add(name, bytes, read_file(path, bytes, sizeof(bytes)));
}

static int base_find(const char *name)
{
	int i;

	for (i = 0; i < base_total; i++)
		if (!strcmp(bases[i].name, name))
			return i;
	return -1;
}

static void add_case(const struct image_case *c)
{
	char name[128];
	int program, interp = base_find("good-pie" INTERP_SUFFIX);

	if (case_write(c, PROGRAM)) {
		snprintf(name, sizeof(name), "%s" INTERP_SUFFIX, c->name);
		interp = base_read(name, INTERP);
	}
	program = base_read(c->name, PROGRAM);
	bases[program].is_program = true;
	bases[program].is_case = true;
	bases[program].interp = interp;
}

/* Has the program name our interpreter; returns the path that it named. */
static char *redirect(struct base *base)
{
	Elf_Ehdr ehdr;
	Elf_Phdr phdr;
	char *path;
	int i;

	memcpy(&ehdr, base->bytes, sizeof(ehdr));
	for (i = 0; i < ehdr.e_phnum; i++) {
		memcpy(&phdr, base->bytes + ehdr.e_phoff + i * sizeof(phdr),
		       sizeof(phdr));
		if (phdr.p_type != PT_INTERP || phdr.p_filesz < sizeof(INTERP))
			continue;
		path = (char *)base->bytes + phdr.p_offset;
		if (!strncmp(path, PLACE, strlen(PLACE)))
			return NULL;
		path = strdup(path);
		/* Slashes in front, so that the size stays. */
		memset(base->bytes + phdr.p_offset, '/', phdr.p_filesz);
		memcpy(base->bytes + phdr.p_offset + phdr.p_filesz -
		       sizeof(INTERP), INTERP, sizeof(INTERP));
		return path;
	}
	return NULL;
}

static void add_real(const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[128], *interp;
	int program, of_it;

	snprintf(name, sizeof(name), REAL_PREFIX "%s", slash ? slash + 1 : path);
	program = base_read(name, path);
	bases[program].is_program = true;
	bases[program].interp = base_find("good-pie" INTERP_SUFFIX);
	interp = redirect(&bases[program]);
	if (!interp)
		return;
	slash = strrchr(interp, '/');
	snprintf(name, sizeof(name), REAL_PREFIX "%s", slash ? slash + 1 : interp);
	of_it = base_find(name);
	bases[program].interp = of_it >= 0 ? of_it : base_read(name, interp);
	free(interp);
}

/* All there is to begin with: the table, and @programs, up to a NULL. */
void bases_make(char **programs)
{
	const struct image_case *c;
	size_t i;

	/* For those that have none of their own. */
	case_write(case_find("good-pie"), PROGRAM);
	base_read("good-pie" INTERP_SUFFIX, INTERP);
	for (i = 0; (c = case_at(i)); i++)
		if (strcmp(c->name, "good-pie"))
			add_case(c);
		else
			bases[base_read(c->name, PROGRAM)].is_program = true;
	while (*programs)
		add_real(*programs++);
	unlink(PROGRAM);
	unlink(INTERP);
}

int base_count(void)
{
	return base_total;
}

bool base_is_program(int base)
{
	return bases[base].is_program;
}

/* ---- to be changed and run ---- */

void work_make(struct work *work)
{
	int i;

	/* Shared with who watches over us. */
	for (i = 0; i < FILES; i++)
		work->file[i].bytes = share_memory(MAX_FILE);
}

/* What is put behind a file's end is zero. */
void work_resize(struct work_file *file, size_t size)
{
	if (size > MAX_FILE)
		size = MAX_FILE;
	if (size < file->size)
		memset(file->bytes + size, 0, file->size - size);
	file->size = size;
}

static void file_begin(struct work_file *file, int base)
{
	file->base = base;
	work_resize(file, bases[base].size);
	memcpy(file->bytes, bases[base].bytes, file->size);
}

/* A program as it is, with the interpreter that goes with it. */
void work_begin(struct work *work, int base)
{
	work->setup = (struct setup){
		.tag = bases[base].is_case ? TAG_KEEP : TAG_RIGHT,
	};
	file_begin(&work->file[THE_PROGRAM], base);
	file_begin(&work->file[THE_INTERP], bases[base].interp);
}

/* Takes one file of an input. */
void work_splice(struct work *work, const struct input *from, int which)
{
	const struct input_file *input = &from->file[which];
	struct work_file *file = &work->file[which];
	struct patch patch;
	size_t at;

	file_begin(file, input->base);
	work_resize(file, input->size);
	for (at = 0; at < input->patches_size; at += sizeof(patch) + patch.size) {
		memcpy(&patch, input->patches + at, sizeof(patch));
		memcpy(file->bytes + patch.at, input->patches + at + sizeof(patch),
		       patch.size);
	}
}

void work_load(struct work *work, const struct input *input)
{
	work->setup = input->setup;
	work_splice(work, input, THE_PROGRAM);
	work_splice(work, input, THE_INTERP);
}

/* The tag comes last, over all the rest. */
void work_seal(struct work *work)
{
	struct work_file *file = &work->file[THE_PROGRAM];
	__u8 *first = file->bytes;
	__u16 crc;

	if (work->setup.tag == TAG_KEEP || file->size < EI_NIDENT)
		return;
	memcpy(first, work->setup.tag == TAG_EXCLUSIVE ? XELF_MAGIC_EXCLUSIVE :
							 XELF_MAGIC_PLAIN,
	       XELF_MAGIC_SIZE);
	memcpy(first + XELF_TAG_OFFSET, XELF_TAG_MAGIC, XELF_TAG_MAGIC_SIZE);
	first[XELF_VERSION_OFFSET] = XELF_VERSION |
		(work->setup.tag == TAG_HINTS ? XELF_FLAG_HINTS : 0);
	crc = xelf_tag_crc(first) ^ (work->setup.tag == TAG_WRONG);
	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
}

/* ---- to be kept ---- */

/* Bytes that are the same, but not worth a patch's end. */
#define SHORT_GAP	8

/* Is the byte at @at the one that the base has there? */
static bool is_base_byte(const struct work_file *file, size_t at)
{
	const struct base *base = &bases[file->base];

	return file->bytes[at] == (at < base->size ? base->bytes[at] : 0);
}

/* The end of what differs from @at on; short gaps are part of it. */
static size_t patch_end(const struct work_file *file, size_t at)
{
	size_t end = at + 1;

	for (at = end; at < file->size && at - end < SHORT_GAP; at++)
		if (!is_base_byte(file, at))
			end = at + 1;
	return end;
}

/* Where the next block that differs begins: most of a file does not. */
static size_t skip_same(const struct work_file *file, size_t at)
{
	const struct base *base = &bases[file->base];

	while (at + PAGE <= file->size && at + PAGE <= base->size &&
	       !memcmp(file->bytes + at, base->bytes + at, PAGE))
		at += PAGE;
	return at;
}

static bool file_make(struct input_file *input, const struct work_file *file)
{
	static __u8 patches[MAX_PATCHES];
	size_t at, end, used = 0;
	struct patch patch;

	*input = (struct input_file){ .base = file->base, .size = file->size };
	for (at = skip_same(file, 0); at < file->size; at++) {
		if (!(at % PAGE))
			at = skip_same(file, at);
		if (at >= file->size || is_base_byte(file, at))
			continue;
		end = patch_end(file, at);
		patch = (struct patch){ .at = at, .size = end - at };
		if (sizeof(patch) + patch.size > sizeof(patches) - used)
			return false;
		memcpy(patches + used, &patch, sizeof(patch));
		memcpy(patches + used + sizeof(patch), file->bytes + at,
		       patch.size);
		used += sizeof(patch) + patch.size;
		at = end - 1;
	}
	input->patches_size = used;
	input->patches = malloc(used + 1);
	memcpy(input->patches, patches, used);
	return true;
}

/* Returns false if it differs too much from its bases to be kept. */
bool input_make(struct input *input, const struct work *work)
{
	int i;

	*input = (struct input){ .setup = work->setup };
	for (i = 0; i < FILES; i++) {
		if (!file_make(&input->file[i], &work->file[i])) {
			input_free(input);
			return false;
		}
	}
	return true;
}

void input_free(struct input *input)
{
	int i;

	for (i = 0; i < FILES; i++)
		free(input->file[i].patches);
	*input = (struct input){ };
}

/* ---- as text ---- */

static const struct {
	const char *name;
	size_t at;
} setup_names[] = {
#define SETUP_NAME(name) { #name, offsetof(struct setup, name) },
	SETUP(SETUP_NAME)
#undef SETUP_NAME
};

static unsigned long *setup_member(struct setup *setup, int i)
{
	return (unsigned long *)((char *)setup + setup_names[i].at);
}

/* What lies at an offset of an unchanged base, for who reads the text. */
static void print_place(FILE *to, const struct base *base, size_t at)
{
	/* Of ELF64; others are not told apart. */
	static const char *const phdr_members[] = {
		"type", "offset", "vaddr", "paddr", "filesz", "memsz", "align",
	};
	const size_t phdr_size = sizeof(Elf_Phdr);
	Elf_Ehdr ehdr;
	size_t in;

	if (base->size < sizeof(ehdr))
		return;
	memcpy(&ehdr, base->bytes, sizeof(ehdr));
	in = at - ehdr.e_phoff;
	if (at < sizeof(ehdr))
		fprintf(to, "\t# in the ELF header");
	else if (at >= ehdr.e_phoff && in / phdr_size < ehdr.e_phnum)
		fprintf(to, "\t# program header %zu, from p_%s on", in / phdr_size,
			phdr_size == 56 ? phdr_members[in % phdr_size / 8] : "?");
}

static void print_file(FILE *to, const struct input_file *file,
		       const char *name)
{
	struct patch patch;
	size_t at, i;

	for (at = 0; at < file->patches_size; at += sizeof(patch) + patch.size) {
		memcpy(&patch, file->patches + at, sizeof(patch));
		fprintf(to, "%s @%x ", name, patch.at);
		for (i = 0; i < patch.size; i++)
			fprintf(to, "%02x",
				file->patches[at + sizeof(patch) + i]);
		print_place(to, &bases[file->base], patch.at);
		fputc('\n', to);
	}
}

void input_print(FILE *to, const struct input *input)
{
	struct setup setup = input->setup;
	int i;

	for (i = 0; i < FILES; i++)
		fprintf(to, "%s %s %zu\n", file_names[i],
			bases[input->file[i].base].name, input->file[i].size);
	for (i = 0; i < ARRAY_SIZE(setup_names); i++)
		if (*setup_member(&setup, i))
			fprintf(to, "set %s 0x%lx\n", setup_names[i].name,
				*setup_member(&setup, i));
	for (i = 0; i < FILES; i++)
		print_file(to, &input->file[i], file_names[i]);
}

static bool read_setup(struct setup *setup, const char *line)
{
	unsigned long value;
	char name[32];
	int i;

	if (sscanf(line, "set %31s %lx", name, &value) != 2)
		return false;
	for (i = 0; i < ARRAY_SIZE(setup_names); i++) {
		if (!strcmp(setup_names[i].name, name)) {
			*setup_member(setup, i) = value;
			return true;
		}
	}
	return false;
}

static bool read_patch(struct input_file *file, const char *line)
{
	__u8 patches[MAX_PATCHES];
	struct patch patch = { };
	int used;

	if (sscanf(line, "%*s @%x %n", &patch.at, &used) != 1)
		return false;
	for (line += used; sscanf(line, "%2hhx", &patches[patch.size]) == 1;
	     line += 2)
		if (++patch.size == sizeof(patches) || patch.at >= file->size ||
		    patch.size > file->size - patch.at)
			return false;
	if (!patch.size)
		return false;
	file->patches = realloc(file->patches, file->patches_size +
				sizeof(patch) + patch.size);
	memcpy(file->patches + file->patches_size, &patch, sizeof(patch));
	file->patches_size += sizeof(patch);
	memcpy(file->patches + file->patches_size, patches, patch.size);
	file->patches_size += patch.size;
	return true;
}

static bool read_file_line(struct input *input, const char *line)
{
	char word[32], name[128];
	size_t size;
	int i, base, fields;

	fields = sscanf(line, "%31s %127s %zu", word, name, &size);
	if (fields < 2 || (fields < 3 && *name != '@'))
		return false;
	for (i = 0; i < FILES && strcmp(word, file_names[i]); i++)
		;
	if (i == FILES)
		return false;
	if (*name == '@')
		return read_patch(&input->file[i], line);
	base = base_find(name);
	if (base < 0 || size > MAX_FILE)
		return false;
	input->file[i].base = base;
	input->file[i].size = size;
	return true;
}

/* Reads up to the end; returns false if a line is none of an input. */
bool input_read(FILE *from, struct input *input)
{
	char line[4 * MAX_PATCHES];

	*input = (struct input){ .file = { { .base = -1 }, { .base = -1 } } };
	while (fgets(line, sizeof(line), from)) {
		if (*line == '#' || *line == '\n')
			continue;
		if (!strncmp(line, "set ", 4) ? !read_setup(&input->setup, line) :
						!read_file_line(input, line))
			return false;
	}
	return input->file[THE_PROGRAM].base >= 0 &&
	       input->file[THE_INTERP].base >= 0;
}
