/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share. A target is one program: libFuzzer calls its
 * LLVMFuzzerTestOneInput() with bytes of its choice, and what that function
 * claims must hold for all of them.
 */
#ifndef XELF_FUZZ_H
#define XELF_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include <xelf/plan.h>

#include "fields.h"

/* A claim that does not hold is a finding, as a sanitizer's word is. */
#define CLAIM(condition)						       \
	do {								       \
		if (!(condition)) {					       \
			fprintf(stderr, "%s:%d: does not hold: %s\n",	       \
				__FILE__, __LINE__, #condition);	       \
			abort();					       \
		}							       \
	} while (0)

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * struct counter - how often a target came to a place that it is there for
 * @name: the place; one word
 * @count: how often
 *
 * A run that leaves one at 0 has shown nothing: scripts/fuzz fails then.
 */
struct counter {
	const char *name;
	unsigned long count;
};

/* Each target has its own, ended by one without a name. */
extern struct counter counters[];

/* Writes a valid tag's checksum into the first XELF_CHECKED_SIZE bytes. */
static inline void sign(__u8 *first)
{
	__u16 crc = xelf_tag_crc(first);

	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
}

/**
 * read_ehdr() - an ELF header as class.h reads it, from no more bytes than it has
 * @data: those that a file begins with
 * @machine: whose header is to be read; there are xelf_ehdr_size() bytes of it
 *
 * Return: the header, of which every field was claimed to be the file's.
 */
Elf64_Ehdr read_ehdr(const __u8 *data, __u16 machine);

/* libFuzzer's side. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);
size_t LLVMFuzzerMutate(__u8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(__u8 *data, size_t size, size_t max_size,
			       unsigned int seed);

#endif /* XELF_FUZZ_H */
