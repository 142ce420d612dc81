/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of a JSON object, on standard output. Addresses, offsets, sizes and
 * bit masks are strings in hexadecimal, since a JSON number need not hold 64
 * bits; counts and small numbers are numbers.
 */
#ifndef _TOOLS_JSON_H
#define _TOOLS_JSON_H

#include <stdio.h>

#include "xelf.h"

/* Begins a member of the object at hand; every member but the first @more. */
static inline void member(bool more, const char *indent, const char *key)
{
	printf("%s\n%s\"%s\": ", more ? "," : "", indent, key);
}

static inline void hex(bool more, const char *indent, const char *key,
		       __u64 value)
{
	member(more, indent, key);
	printf("\"0x%llx\"", HEX(value));
}

static inline void number(bool more, const char *indent, const char *key,
			  unsigned long long value)
{
	member(more, indent, key);
	printf("%llu", value);
}

/* @value may be NULL. */
static inline void string(bool more, const char *indent, const char *key,
			  const char *value)
{
	member(more, indent, key);
	if (value)
		print_json_string(value);
	else
		printf("null");
}

#endif /* _TOOLS_JSON_H */
