/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of `xelf diff` share: facts about a program that was loaded,
 * the module's switch and counters, a program stopped right after its exec.
 */
#ifndef _TOOLS_DIFF_H
#define _TOOLS_DIFF_H

#include <stdio.h>
#include <sys/types.h>

#include "xelf.h"

/**
 * struct fact - one thing that can be seen of a loaded program
 * @field: what, as in "auxv.AT_PHDR"
 * @value: its value in words and numbers
 * @order: in which order the facts were seen
 */
struct fact {
	char *field;
	char *value;
	size_t order;
};

struct facts {
	struct fact *list;
	size_t count;
	size_t room;
};

/* facts.c */
__printf(3, 4) void facts_add(struct facts *facts, char *field, const char *fmt,
			      ...);
void facts_sort(struct facts *facts);
typedef void facts_differ(void *context, size_t number, const char *field,
			  const char *theirs, const char *ours);
size_t facts_compare(struct facts *theirs, struct facts *ours,
		     facts_differ *differ, void *context);
void facts_free(struct facts *facts);

/* module.c */
enum loader {
	BINFMT_ELF,
	BINFMT_XELF,
	LOADER_COUNT,
};

extern const char *const loader_names[LOADER_COUNT];

/**
 * struct counters - the module's, from debugfs
 * @loaded: programs that it loaded
 * @refused: refusals, by reason
 */
struct counters {
	long loaded;
	long refused[XELF_REASON_COUNT];
};

void module_take_turn(int fd);
int module_take(void (*clean_up)(void));
bool module_may_switch(void);
int module_share(void (*clean_up)(void));
void module_give_back(void);
int module_use(enum loader loader);
bool module_has_hints(void);
bool module_follows_hints(void);
int module_use_hints(bool on);
int module_counters(struct counters *counters);
enum xelf_reason counters_reason(const struct counters *before,
				 const struct counters *after);

/* copy.c */
const char *copy_make(const char *command, const char *path,
		      int (*make)(const struct options *opt, char **files));
void copy_remove(void);
void copy_forget(void);

/* task.c */

/**
 * struct trial - a program to be run
 * @path: the file
 * @argv: its arguments, from argv[0] on
 * @aslr: leave address randomisation on
 * @timeout: seconds that it may run
 */
struct trial {
	const char *path;
	char **argv;
	bool aslr;
	unsigned int timeout;
};

/**
 * struct task - a program that a trial started
 * @pid: the process; -1 when it is gone
 * @out: what it wrote to standard output, a file
 * @err: what it wrote to standard error, a file
 * @execed: the exec succeeded, and it is, or was, stopped behind it
 * @exec_errno: if not, why; 0 if it was killed
 * @status: when it is gone: as waitpid() gives it
 * @timed_out: it was killed since its time was up
 */
struct task {
	pid_t pid;
	int out;
	int err;
	bool execed;
	int exec_errno;
	int status;
	bool timed_out;
};

int task_start(struct task *task, const struct trial *trial);
int task_finish(struct task *task, const struct trial *trial);
void task_kill(struct task *task);
char *task_file(const struct task *task, const char *name, size_t *size);

/* diff.c */
int trial_find_program(struct trial *trial);

/* registers.c */
unsigned long registers_sp(const struct task *task);
void registers_observe(const struct task *task, struct facts *facts);

/* observe.c */
const char *auxv_name(unsigned long id, char *room);
void observe_stopped(const struct task *task, struct facts *facts);
void observe_end(const struct task *task, struct facts *facts);

/* spread.c */
int spread_compare(const struct trial *trial, unsigned long runs, bool json);

#endif /* _TOOLS_DIFF_H */
