/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer of execs, which runs in the VM (scripts/fuzz-vm): what its parts
 * share. An input is a program, an interpreter, and the circumstances of one
 * exec; it runs under the kernel's loader and under ours, and what comes of it
 * must be the same.
 */
#ifndef XELF_EXEC_FUZZ_H
#define XELF_EXEC_FUZZ_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include <linux/types.h>

#include "../../tools/rules.h"

/* A tmpfs of its own; the interpreter's name is what cases.c gives it. */
#define PLACE		"/dev/shm/exec_fuzz"
#define PROGRAM		PLACE "/p"
#define INTERP		PROGRAM ".interp"

#define PAGE		4096UL
/* Bytes of the largest file. */
#define MAX_FILE	(4UL << 20)
/* Bytes by which an input's file may differ from what it was made of. */
#define MAX_PATCHES	4096

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

enum { THE_PROGRAM, THE_INTERP, FILES };

/**
 * enum tagging - what is done to the program's tag when all else is done
 * @TAG_RIGHT: it is written, with a right checksum
 * @TAG_KEEP: nothing
 * @TAG_WRONG: it is written, with a wrong checksum
 * @TAG_HINTS: it is right, and says that there are hints
 * @TAG_EXCLUSIVE: it is right, and the magic is the exclusive form's
 */
enum tagging {
	TAG_RIGHT,
	TAG_KEEP,
	TAG_WRONG,
	TAG_HINTS,
	TAG_EXCLUSIVE,
	TAGGINGS,
};

/* How the program is named to the kernel. */
enum how { BY_PATH, BY_DESCRIPTOR, BY_DIRECTORY, HOWS };

/*
 * The circumstances, X(name): numbers, 0 where nothing is special.
 *
 * tag: enum tagging; how: enum how
 * as, data, stack: bytes, of the limits of these names; 0: as it is
 * personality: flags of personality(), besides ADDR_NO_RANDOMIZE
 * args, arg_size: arguments behind the first, and the bytes of each
 * envs, env_size: the same of the environment
 * nobody: not as root
 * closed: nobody but root may read the files
 * run: let it run behind the exec
 */
#define SETUP(X) \
	X(tag) X(how) X(as) X(data) X(stack) X(personality) X(args) \
	X(arg_size) X(envs) X(env_size) X(nobody) X(closed) X(run)

struct setup {
#define SETUP_MEMBER(name) unsigned long name;
	SETUP(SETUP_MEMBER)
#undef SETUP_MEMBER
};

/* Pseudo-random numbers: all that the fuzzer does follows from the first. */
struct rng {
	__u64 state;
};

static inline __u64 rng_next(struct rng *rng)
{
	__u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A number below @limit, which is not 0. */
static inline __u64 rng_below(struct rng *rng, __u64 limit)
{
	return rng_next(rng) % limit;
}

static inline bool rng_one_in(struct rng *rng, __u64 limit)
{
	return !rng_below(rng, limit);
}

/* ---- input.c ---- */

/**
 * struct work - an input, laid out to be changed and run
 * @setup: the circumstances
 * @file: program and interpreter
 * @file.base: what it was made of, an index for base_name()
 * @file.size: bytes
 * @file.bytes: MAX_FILE of them; zeros behind @file.size
 */
struct work {
	struct setup setup;
	struct work_file {
		int base;
		size_t size;
		__u8 *bytes;
	} file[FILES];
};

/**
 * struct input - the same, to be kept: where it differs from its bases
 * @setup: the circumstances
 * @file: program and interpreter
 * @file.base: as in struct work
 * @file.size: the same
 * @file.patches: pieces, each a struct patch and its bytes
 * @file.patches_size: bytes of these
 */
struct input {
	struct setup setup;
	struct input_file {
		int base;
		size_t size;
		__u8 *patches;
		size_t patches_size;
	} file[FILES];
};

struct patch {
	__u32 at;
	__u32 size;
};

void bases_make(char **programs);
int base_count(void);
bool base_is_program(int base);
void work_make(struct work *work);
void work_begin(struct work *work, int base);
void work_load(struct work *work, const struct input *input);
void work_splice(struct work *work, const struct input *from, int file);
void work_seal(struct work *work);
void work_resize(struct work_file *file, size_t size);
bool input_make(struct input *input, const struct work *work);
void input_free(struct input *input);
void input_print(FILE *to, const struct input *input);
bool input_read(FILE *from, struct input *input);

/* ---- mutate.c ---- */
void mutate(struct work *work, const struct input *other, struct rng *rng);

/* ---- run.c ---- */

/**
 * struct sight - what was seen of one run
 * @exec: what became of the exec
 * @by_ours: how often our loader counted that: 1 if it was the one that loaded
 *	or killed it, 0 if another was; says nothing of an errno
 * @size: bytes of @seen
 * @seen: registers, mappings, stack, memory, pieces of /proc, each with its
 *	name in front; for comparing, not for reading
 * @shape: tells runs apart roughly: by outcome and kinds of mappings
 * @ended: it ran on and came to an end
 * @end: how, as waitpid() gives it, and where
 * @output: what it wrote
 * @output_size: bytes of that
 */
struct sight {
	struct outcome exec;
	long by_ours;
	size_t size;
	char *seen;
	__u64 shape;
	bool ended;
	unsigned long end[3];
	char *output;
	size_t output_size;
};

/**
 * struct pair - an input under the kernel's loader and under ours
 * @sight: of the one, of the other
 * @exclusive: the program has the exclusive form; the kernel's loader got the
 *	plain one
 * @alone: what the kernel's loader did with the exclusive form
 */
struct pair {
	struct sight sight[2];
	bool exclusive;
	struct outcome alone;
};

void run_make(struct pair *pair);
/* Returns NULL, or what is still in use. */
const char *run_unmake(void);
/* Returns NULL, or what is wrong with the files. */
const char *run_write(const struct work *work);
void run_pair(struct work *work, struct pair *pair, bool ours_first,
	      unsigned int run_ms);
bool run_same_state(const struct pair *pair);
bool run_same_end(const struct pair *pair);
bool run_is_random(const struct work *work, const struct pair *pair,
		   unsigned int run_ms);
/* As run_pair(), slowly; the differences, by the oracle's words, go to @to. */
size_t run_explain(const struct work *work, FILE *to);
enum xelf_reason run_reason(const struct work *work);

/* ---- oracle.c ---- */
void oracle_look(int ours, pid_t pid);
size_t oracle_differences(FILE *to);
enum xelf_reason oracle_reason(void (*exec)(const void *), const void *what);

/* ---- feedback.c ---- */
bool kcov_open(void);
void kcov_begin(void);	/* in the child, before its exec */
/* Return: edges that no run before had. */
unsigned int kcov_end(void);
unsigned int kcov_edges(void);
bool shape_is_new(__u64 shape);
unsigned int shapes(void);

#endif /* XELF_EXEC_FUZZ_H */
