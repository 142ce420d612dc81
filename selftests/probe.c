// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe: the program of every synthetic image. It writes to its standard
 * output what a program can see of its own loading, as text to be compared:
 * registers, the stack image, the auxiliary vector, its mappings, a checksum
 * of every page, brk. It exits with PROBE_STATUS.
 *
 * It has no C library, no data and no relocations, and runs at any address, as
 * a program or as its own interpreter.
 */
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/auxvec.h>
#include <stdbool.h>

#include "probe.h"

#include "probe_machine.h"

static const char register_names[][6] = { REGISTER_NAMES };

#define REGISTERS (sizeof(register_names) / sizeof(*register_names))

struct regs {
	unsigned long value[REGISTERS];
	unsigned long stack[];		/* what sp pointed to: argc and so on */
};

/* Output is gathered, so that a report is few writes. */
struct out {
	unsigned int used;
	char buf[2048];
};

static void flush(struct out *o)
{
	call3(__NR_write, 1, (long)o->buf, o->used);
	o->used = 0;
}

static void put(struct out *o, char c)
{
	if (o->used == sizeof(o->buf))
		flush(o);
	o->buf[o->used++] = c;
}

static void text(struct out *o, const char *s)
{
	while (*s)
		put(o, *s++);
}

static void hex(struct out *o, unsigned long v)
{
	int shift = sizeof(v) * 8 - 4;

	while (shift && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4) {
		unsigned int digit = v >> shift & 15;

		put(o, digit < 10 ? '0' + digit : 'a' + digit - 10);
	}
}

static void line(struct out *o, const char *name, unsigned long v)
{
	text(o, name);
	put(o, ' ');
	hex(o, v);
	put(o, '\n');
}

/* FNV-1a, with @skip_size bytes at @skip taken as zero. */
static unsigned long sum(const unsigned char *p, unsigned long size,
			 const unsigned char *skip, unsigned long skip_size)
{
	unsigned long long h = 0xcbf29ce484222325;

	for (; size--; p++) {
		bool skipped = p >= skip && p < skip + skip_size;

		h = (h ^ (skipped ? 0 : *p)) * 0x100000001b3;
	}
	return h;
}

static void report_regs(struct out *o, const struct regs *regs)
{
	unsigned long value;
	unsigned int i;

	for (i = 0; i < REGISTERS; i++)
		line(o, register_names[i], regs->value[i]);
	for (i = 0; other_register(i, &value); i++)
		line(o, "other", value);
}

static void report_fpu(struct out *o)
{
	unsigned char area[FPU_SIZE] __attribute__((aligned(16)));
	unsigned int i;

	for (i = 0; i < sizeof(area); i++)
		area[i] = 0;
	save_fpu(area);
	line(o, "fpu", sum(area, sizeof(area), area, 0));
}

/* Returns AT_RANDOM's bytes. */
static const unsigned char *report_stack(struct out *o,
					 const unsigned long *stack)
{
	const unsigned char *random = 0;
	unsigned long argc = *stack++;

	line(o, "argc", argc);
	for (; *stack; stack++) {
		line(o, "argv", *stack);
		text(o, (const char *)*stack);
		put(o, '\n');
	}
	for (stack++; *stack; stack++) {
		line(o, "envp", *stack);
		text(o, (const char *)*stack);
		put(o, '\n');
	}
	for (stack++; *stack; stack += 2) {
		text(o, "auxv ");
		hex(o, stack[0]);
		put(o, ' ');
		hex(o, stack[1]);
		put(o, '\n');
		if (stack[0] == AT_RANDOM)
			random = (const unsigned char *)stack[1];
	}
	line(o, "auxv-end", stack[1]);
	return random;
}

/* Reads a hexadecimal number; *@p is moved past it and the next character. */
static unsigned long number(const char **p)
{
	unsigned long v = 0;

	for (;; (*p)++) {
		unsigned char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else
			break;
	}
	(*p)++;
	return v;
}

/* Sums the pages of one mapping; of the stack only what lay there at entry. */
static void report_pages(struct out *o, const char *map,
			 const struct regs *regs, const unsigned char *random)
{
	unsigned long start = number(&map), end = number(&map);
	unsigned long sp = regs->value[0];

	if (map[0] != 'r')
		return;
	if (start <= sp && sp < end) {
		line(o, "stack-bytes", end - sp);
		line(o, "stack-sum", sum((const unsigned char *)sp, end - sp,
					 random, random ? 16 : 0));
		return;
	}
	if (end - start > PROBE_MAX_PAGES * 4096)
		end = start + PROBE_MAX_PAGES * 4096;
	for (; start < end; start += 4096) {
		line(o, "page", start);
		/*
		 * By way of a system call first: a page past the end of its
		 * file would end us.
		 */
		if (call3(__NR_faccessat, AT_FDCWD, start, 0) == -14)
			text(o, "fault\n");
		else
			line(o, "sum", sum((const unsigned char *)start, 4096,
					   random, 0));
	}
}

static void report_maps(struct out *o, const struct regs *regs,
			const unsigned char *random)
{
	char maps[16384];
	unsigned long used = 0;
	const char *p;
	long fd, got;

	fd = call3(__NR_openat, AT_FDCWD, (long)"/proc/self/maps",
		   O_RDONLY);
	while ((got = call3(__NR_read, fd, (long)maps + used,
			    sizeof(maps) - 1 - used)) > 0)
		used += got;
	maps[used] = 0;
	call3(__NR_close, fd, 0, 0);
	text(o, maps);
	for (p = maps; *p; p++) {
		const char *map = p;
		bool special = false;

		for (; *p != '\n'; p++)
			special = special || (p[0] == '[' && p[1] == 'v');
		/* The kernel's clock ticks in vvar. */
		if (!special)
			report_pages(o, map, regs, random);
	}
}

__attribute__((noreturn, used))
void probe_main(const struct regs *regs)
{
	const unsigned char *random;
	struct out o;

	o.used = 0;
	report_fpu(&o);
	report_regs(&o, regs);
	random = report_stack(&o, regs->stack);
	line(&o, "brk", call3(__NR_brk, 0, 0, 0));
	report_maps(&o, regs, random);
	text(&o, "end\n");
	flush(&o);
	for (;;)
		call3(__NR_exit_group, PROBE_STATUS, 0, 0);
}
