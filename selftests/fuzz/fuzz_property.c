// SPDX-License-Identifier: GPL-2.0-only
/*
 * include/xelf/property.h, for any bytes that PT_GNU_PROPERTY may name, of each
 * machine: what is accepted is a list of properties in order, and nothing else
 * says that the image asks for BTI.
 */
#include <xelf/property.h>

#include "fuzz.h"

enum { ACCEPTED, WITH_BTI, REFUSED, UNREADABLE };

struct counter counters[] = {
	[ACCEPTED] = { "notes-accepted" },
	[WITH_BTI] = { "notes-with-bti" },
	[REFUSED] = { "notes-refused" },
	[UNREADABLE] = { "notes-unreadable" },
	{ }
};

/* Walks over what was accepted. Return: does it ask for BTI? */
static bool claim_in_order(const __u8 *note, size_t size, size_t align)
{
	size_t at = XELF_NOTE_HEADER;
	size_t end = at + xelf_property_word(note, 4);
	__u64 above = 0;
	bool bti = false;

	CLAIM(end <= size);
	while (at < end) {
		__u32 type = xelf_property_word(note, at);
		__u64 data = xelf_property_word(note, at + 4);

		CLAIM(type >= above);
		above = (__u64)type + 1;
		at += XELF_PROPERTY_HEADER;
		if (type == XELF_PROPERTY_AARCH64 && data == sizeof(__u32))
			bti = xelf_property_word(note, at) & XELF_PROPERTY_BTI;
		at += (data + align - 1) / align * align;
	}
	CLAIM(at == end);
	return bti;
}

static void try_note(const __u8 *note, size_t size, size_t align, __u16 machine)
{
	bool bti = true;
	enum xelf_reason reason = xelf_check_properties(note, size, align,
							machine, &bti);

	switch (reason) {
	case XELF_OK:
		counters[ACCEPTED].count++;
		counters[WITH_BTI].count += bti;
		CLAIM(bti == (claim_in_order(note, size, align) &&
			      machine == EM_AARCH64));
		break;
	case XELF_PROPERTY_UNREADABLE:
		counters[UNREADABLE].count++;
		CLAIM(size < XELF_NOTE_HEADER && !bti);
		break;
	default:
		counters[REFUSED].count++;
		CLAIM(reason == XELF_PROPERTY_BAD);
		break;
	}
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	__u8 *note;

	if (size > XELF_PROPERTY_SIZE)
		size = XELF_PROPERTY_SIZE;
	/* Of its size exactly, so that a read behind it is seen. */
	note = malloc(size ? size : 1);
	if (size)
		memcpy(note, data, size);
	try_note(note, size, 8, EM_AARCH64);
	try_note(note, size, 8, EM_X86_64);
	try_note(note, size, 4, EM_ARM);
	free(note);
	return 0;
}

/* A note's header is not found by chance; its properties are. */
size_t LLVMFuzzerCustomMutator(__u8 *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	static const __u32 type = XELF_NOTE_TYPE;
	static const __u32 name_size = sizeof(XELF_NOTE_NAME);
	static const __u32 property = XELF_PROPERTY_AARCH64;
	__u32 left;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 4 == 0 || size < XELF_NOTE_HEADER)
		return size;
	size -= size % 8;
	left = size - XELF_NOTE_HEADER;
	memcpy(data, &name_size, sizeof(name_size));
	memcpy(data + 4, &left, sizeof(left));
	memcpy(data + 8, &type, sizeof(type));
	memcpy(data + 12, XELF_NOTE_NAME, sizeof(XELF_NOTE_NAME));
	if (seed % 4 == 1 && left >= sizeof(property))
		memcpy(data + XELF_NOTE_HEADER, &property, sizeof(property));
	return size;
}
