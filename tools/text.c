// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings: made, escaped, and the names that numbers have.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xelf.h"

static void out_of_memory(void)
{
	say("", "out of memory");
	exit(EXIT_REFUSED);
}

/**
 * allocate() - malloc() that does not fail
 * @size: bytes
 *
 * Must not be used while a temporary file is there. Ends the program if there
 * is no memory.
 *
 * Return: zeroed memory, for the caller to free.
 */
void *allocate(size_t size)
{
	void *mem = calloc(1, size ? size : 1);

	if (!mem)
		out_of_memory();
	return mem;
}

/**
 * vformat() - format() for who has the arguments already
 * @fmt: as for vprintf()
 * @args: as for vprintf()
 *
 * Return: a string for the caller to free.
 */
char *vformat(const char *fmt, va_list args)
{
	char *str;

	if (vasprintf(&str, fmt, args) < 0)
		out_of_memory();
	return str;
}

/**
 * format() - sprintf() into memory of its own
 * @fmt: as for printf()
 *
 * Return: a string for the caller to free.
 */
char *format(const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = vformat(fmt, args);
	va_end(args);
	return str;
}

/**
 * escaped() - a string out of a file, for a terminal
 * @str: any bytes
 *
 * Return: a string for the caller to free, of printable ASCII alone: a
 * backslash is doubled, other bytes are \xNN.
 */
char *escaped(const char *str)
{
	char *mem = allocate(strlen(str) * 4 + 1);
	char *to = mem;

	for (; *str; str++) {
		if (*str == '\\')
			to += sprintf(to, "\\\\");
		else if (*str >= ' ' && *str <= '~')
			*to++ = *str;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*str);
	}
	return mem;
}

/* Return: bytes of the well-formed UTF-8 sequence at @s; 0 if there is none. */
static int utf8_length(const unsigned char *s)
{
	int length, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, a surrogate, or above U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* Does a terminal obey the character of @length bytes, rather than show it? */
static bool is_control(const unsigned char *s, int length)
{
	return *s < ' ' || *s == 0x7f || (length == 2 && *s == 0xc2 && s[1] < 0xa0);
}

/**
 * print_shown() - a name, or a line with names, for people
 * @str: any bytes; control characters and what is no UTF-8 are shown as \xNN
 * @to: standard output or standard error
 *
 * Needs no memory: may run while a temporary file is there.
 */
void print_shown(const char *str, FILE *to)
{
	const unsigned char *s = (const unsigned char *)str, *plain = s;
	int length;

	for (; *s; s += length) {
		length = utf8_length(s);
		if (length && !is_control(s, length))
			continue;
		fwrite(plain, s - plain, 1, to);
		fprintf(to, "\\x%02x", *s);
		length = 1;
		plain = s + 1;
	}
	fwrite(plain, s - plain, 1, to);
}

/**
 * shown() - what print_shown() prints, to be put into a line
 * @str: any bytes
 *
 * Return: a string for the caller to free.
 */
char *shown(const char *str)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		out_of_memory();
	print_shown(str, to);
	if (fclose(to))
		out_of_memory();
	return text;
}

/**
 * print_json_string() - any bytes, as a JSON string on standard output
 * @str: the bytes; those that are no UTF-8 become the code points U+0080 to
 *	U+00FF of the same number
 */
void print_json_string(const char *str)
{
	const unsigned char *s = (const unsigned char *)str;
	int length;

	putchar('"');
	while (*s) {
		length = utf8_length(s);
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < ' ' || *s == 0x7f || !length)
			printf("\\u%04x", *s);
		else
			fwrite(s, length, 1, stdout);
		s += length ? length : 1;
	}
	putchar('"');
}

/**
 * machine_name() - as in "EM_X86_64"
 * @machine: e_machine
 *
 * Return: a constant string.
 */
const char *machine_name(unsigned int machine)
{
	switch (machine) {
	case EM_NONE:
		return "EM_NONE";
	case EM_386:
		return "EM_386";
	case EM_PPC64:
		return "EM_PPC64";
	case EM_S390:
		return "EM_S390";
	case EM_ARM:
		return "EM_ARM";
	case EM_X86_64:
		return "EM_X86_64";
	case EM_AARCH64:
		return "EM_AARCH64";
	case EM_RISCV:
		return "EM_RISCV";
	default:
		return "another machine";
	}
}

/**
 * type_name() - as in "ET_EXEC"
 * @type: e_type
 *
 * Return: a constant string.
 */
const char *type_name(unsigned int type)
{
	switch (type) {
	case ET_NONE:
		return "ET_NONE";
	case ET_REL:
		return "ET_REL, an object file";
	case ET_EXEC:
		return "ET_EXEC";
	case ET_DYN:
		return "ET_DYN";
	case ET_CORE:
		return "ET_CORE, a core dump";
	default:
		return "not known";
	}
}

/**
 * phdr_type_name() - as in "PT_LOAD"
 * @type: p_type
 *
 * Return: a constant string; NULL for a type that has no name here.
 */
const char *phdr_type_name(__u32 type)
{
	switch (type) {
	case PT_NULL:
		return "PT_NULL";
	case PT_LOAD:
		return "PT_LOAD";
	case PT_DYNAMIC:
		return "PT_DYNAMIC";
	case PT_INTERP:
		return "PT_INTERP";
	case PT_NOTE:
		return "PT_NOTE";
	case PT_PHDR:
		return "PT_PHDR";
	case PT_TLS:
		return "PT_TLS";
	case PT_GNU_EH_FRAME:
		return "PT_GNU_EH_FRAME";
	case PT_GNU_STACK:
		return "PT_GNU_STACK";
	case PT_GNU_RELRO:
		return "PT_GNU_RELRO";
	case PT_GNU_PROPERTY:
		return "PT_GNU_PROPERTY";
	default:
		return NULL;
	}
}
