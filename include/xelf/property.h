/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What PT_GNU_PROPERTY says to a loader: a note that lists properties of an
 * image. One of them has a meaning to a kernel so far, BTI of arm64: a branch
 * may land only where the code says so.
 *
 * Pure code, as check.h.
 */
#ifndef _XELF_PROPERTY_H
#define _XELF_PROPERTY_H

#include "check.h"

/* A note that is larger is refused. */
#define XELF_PROPERTY_SIZE	1024

/* The first bytes of the note: three words, and the name. */
#define XELF_NOTE_HEADER	16
#define XELF_NOTE_NAME		"GNU"
#define XELF_NOTE_TYPE		5

/* A property: type, size, data. */
#define XELF_PROPERTY_HEADER	8
#define XELF_PROPERTY_AARCH64	0xc0000000
#define XELF_PROPERTY_BTI	1

static inline __u32 xelf_property_word(const __u8 *note, size_t at)
{
	__u32 word;

	memcpy(&word, note + at, sizeof(word));
	return word;
}

/**
 * xelf_check_properties() - is the note one that load_elf_binary() accepts?
 * @note: the bytes that PT_GNU_PROPERTY names, in the machine's byte order
 * @size: their number, at most XELF_PROPERTY_SIZE
 * @align: bytes; 8 of an ELF64 image, 4 of an ELF32 one
 * @machine: e_machine, whose properties are looked into
 * @bti: set to whether the image asks for BTI
 *
 * Properties are in the order of their types, each there once.
 *
 * Return: XELF_OK, XELF_PROPERTY_UNREADABLE or XELF_PROPERTY_BAD.
 */
static inline enum xelf_reason
xelf_check_properties(const __u8 *note, size_t size, size_t align,
		      __u16 machine, bool *bti)
{
	size_t at = XELF_NOTE_HEADER, left;
	__u32 last = 0;

	*bti = false;
	if (size < XELF_NOTE_HEADER)
		return XELF_PROPERTY_UNREADABLE;
	left = xelf_property_word(note, 4);
	if (xelf_property_word(note, 0) != sizeof(XELF_NOTE_NAME) ||
	    left > size - XELF_NOTE_HEADER ||
	    xelf_property_word(note, 8) != XELF_NOTE_TYPE ||
	    memcmp(note + 12, XELF_NOTE_NAME, sizeof(XELF_NOTE_NAME)))
		return XELF_PROPERTY_BAD;

	while (left) {
		bool first = at == XELF_NOTE_HEADER;
		__u32 type, data, step;

		if (left < XELF_PROPERTY_HEADER)
			return XELF_PROPERTY_BAD;
		type = xelf_property_word(note, at);
		data = xelf_property_word(note, at + 4);
		at += XELF_PROPERTY_HEADER;
		left -= XELF_PROPERTY_HEADER;
		/* Rounding up must not overflow. */
		if (data > left)
			return XELF_PROPERTY_BAD;
		step = (data + align - 1) & ~(align - 1);
		if (step > left || (!first && type <= last))
			return XELF_PROPERTY_BAD;
		last = type;
		if (machine == EM_AARCH64 && type == XELF_PROPERTY_AARCH64) {
			if (data != sizeof(__u32))
				return XELF_PROPERTY_BAD;
			*bti = xelf_property_word(note, at) & XELF_PROPERTY_BTI;
		}
		at += step;
		left -= step;
	}
	return XELF_OK;
}

#endif /* _XELF_PROPERTY_H */
