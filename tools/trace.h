/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of `xelf trace` share: what was collected of one run, and the
 * timeline that is made of it. Times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef _TOOLS_TRACE_H
#define _TOOLS_TRACE_H

#include <xelf/steps.h>

#include "diff.h"
#include "sections.h"

/**
 * enum event_kind - what happened
 * @TRACE_FORK: the program's process begins, or it makes another
 * @TRACE_CALL: a system call
 * @TRACE_DETAIL: a loader tells what it does
 * @TRACE_FAULT: a page fault
 * @TRACE_MAIN: main, or the entry point, is reached
 * @TRACE_SIGNAL: a signal is delivered
 * @TRACE_EXIT: the process ends
 */
enum event_kind {
	TRACE_FORK,
	TRACE_CALL,
	TRACE_DETAIL,
	TRACE_FAULT,
	TRACE_MAIN,
	TRACE_SIGNAL,
	TRACE_EXIT,
};

/* How a fault touched memory. */
enum access {
	ACCESS_UNKNOWN,
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_EXEC,
};

/* What a fault cost: whether it had to wait for a disk. */
enum cost {
	COST_UNKNOWN,
	COST_MINOR,
	COST_MAJOR,
};

/**
 * struct fault - a page fault
 * @addr: the user address
 * @ip: the instruction's, if it was user space's; else 0
 * @access: how
 * @cost: at what cost
 */
struct fault {
	__u64 addr;
	__u64 ip;
	enum access access;
	enum cost cost;
};

/**
 * struct call - a system call
 * @name: as in "mmap"
 * @args: its arguments
 * @result: what it returned
 */
struct call {
	const char *name;
	__u64 args[6];
	__s64 result;
};

/**
 * struct event - one thing that happened
 * @ns: when it began
 * @took: nanoseconds; 0: not known
 * @kind: which member below is used
 * @number: of TRACE_FORK the new process, of TRACE_SIGNAL the signal
 * @text: of TRACE_DETAIL, to be freed
 * @fault: of TRACE_FAULT
 * @call: of TRACE_CALL
 */
struct event {
	__u64 ns;
	__u64 took;
	enum event_kind kind;
	union {
		int number;
		char *text;
		struct fault fault;
		struct call call;
	};
};

/**
 * struct mapped - memory that got a meaning
 * @ns: since when
 * @start: first address
 * @end: first address behind it
 * @offset: bytes; where in the file it begins
 * @path: the file, or a name in brackets, or "//anon"
 */
struct mapped {
	__u64 ns;
	__u64 start;
	__u64 end;
	__u64 offset;
	char *path;
};

/**
 * struct load - what one loader did in one exec
 * @loader: which
 * @begin: when it was asked
 * @end: when it was done; 0: not seen
 * @step_begin: when each step of XELF_STEPS began; 0: not entered
 * @step_ns: how long it took
 * @err: positive errno; 0: the program starts
 * @step: the last one; -1: none was seen
 * @reason: a name of XELF_REASONS; NULL if none was given
 * @pc: the first instruction
 * @sp: the first stack pointer
 */
struct load {
	enum loader loader;
	__u64 begin;
	__u64 end;
	__u64 step_begin[XELF_STEP_COUNT];
	__u64 step_ns[XELF_STEP_COUNT];
	int err;
	int step;
	char *reason;
	__u64 pc;
	__u64 sp;
};

/**
 * struct lost - what is not in the timeline
 * @events: trace events that found the buffer full
 * @samples: of perf, likewise: costs of faults and names of mappings
 * @kept_out: events beyond what is kept in memory
 */
struct lost {
	unsigned long events;
	unsigned long samples;
	unsigned long kept_out;
};

/**
 * struct trace_options - the command line
 * @argv: the program and its arguments
 * @svg: where to draw, or NULL
 * @json: for programs
 * @compare: both loaders
 * @all: leave nothing out
 * @timeout: seconds; 0: as long as it takes
 * @buffer: KiB for each processor's trace buffer
 */
struct trace_options {
	char **argv;
	const char *svg;
	bool json;
	bool compare;
	bool all;
	unsigned int timeout;
	unsigned long buffer;
};

/**
 * struct trace - one run of a program
 * @path: the file that was run
 * @pid: its process
 * @fork_ns: when that began
 * @events: by time
 * @count: of @events
 * @room: of @events
 * @maps: by time
 * @map_count: of @maps
 * @map_room: of @maps
 * @loads: by time, each of its own memory
 * @load_count: of @loads
 * @load_room: of @loads
 * @lost: what is missing
 * @main_symbol: TRACE_MAIN is main, not the entry point
 * @main_probe: there is a probe that gives TRACE_MAIN
 * @loader_probe: there is one that shows what the kernel's own loader does
 * @perf: whether there were mappings and costs of faults
 * @fault_events: faults have trace events; else they are perf's, each at its end
 * @stopped: why the trace ended before the program did, or NULL
 * @interrupted: it was a signal that ended it
 * @status: of the ended program, as waitpid() gives it; -1: it was stopped
 * @exec_errno: of the program's own exec; 0: it was made
 */
struct trace {
	const char *path;
	pid_t pid;
	__u64 fork_ns;
	struct event *events;
	size_t count;
	size_t room;
	struct mapped *maps;
	size_t map_count;
	size_t map_room;
	struct load **loads;
	size_t load_count;
	size_t load_room;
	struct lost lost;
	bool main_symbol;
	bool main_probe;
	bool loader_probe;
	bool perf;
	bool fault_events;
	const char *stopped;
	bool interrupted;
	int status;
	int exec_errno;
};

/**
 * struct phase - a stretch of the timeline
 * @name: "fork", a name of XELF_STEPS, "start-up", "main"
 * @begin: when
 * @end: when
 * @first: index of its first event
 * @last: index behind its last event
 * @depth: 0, or 1 within an exec
 */
struct phase {
	const char *name;
	__u64 begin;
	__u64 end;
	size_t first;
	size_t last;
	int depth;
};

/**
 * struct timeline - a run, cut into phases
 * @trace: the run
 * @phases: by time
 * @count: of @phases
 */
struct timeline {
	const struct trace *trace;
	struct phase *phases;
	size_t count;
};

extern const char *const step_names[XELF_STEP_COUNT];

/* trace_collect.c */
struct collector;
struct collector *collector_open(const struct trace_options *opt,
				 const char *path);
int collector_run(struct collector *collector, struct trace *trace,
		  char **argv);
void collector_close(struct collector *collector);

/* trace_perf.c */
struct perf;
struct perf *perf_open(pid_t pid);
void perf_read(struct perf *perf, struct trace *trace);
void perf_close(struct perf *perf, struct trace *trace);

/* trace_store.c */
struct event *trace_add(struct trace *trace, __u64 ns, enum event_kind kind);
void trace_map(struct trace *trace, __u64 ns, __u64 start, __u64 size,
	       __u64 offset, const char *path);
struct load *trace_load(struct trace *trace, enum loader loader, __u64 ns);
void trace_cost(struct trace *trace, __u64 ns, __u64 addr, enum cost cost);
void trace_sort(struct trace *trace);
void trace_sort_maps(struct trace *trace);
void trace_free(struct trace *trace);

/* trace_where.c */
__u64 main_offset(const char *path, bool *is_main);
char *where_text(const struct trace *trace, __u64 ns, __u64 addr);
char *symbol_text(const struct trace *trace, __u64 ns, __u64 addr);
bool is_file_page(const struct trace *trace, __u64 ns, __u64 addr);
void where_forget(void);

/* trace_timeline.c */
void timeline_make(struct timeline *timeline, const struct trace *trace);
void timeline_free(struct timeline *timeline);
char *event_text(const struct trace *trace, const struct event *event);
char *event_line(const struct trace *trace, const struct event *event, bool brief);
const struct load *deciding_load(const struct trace *trace);
char *result_text(const struct trace *trace);
const struct phase *timeline_phase(const struct timeline *timeline,
				   const char *name);
const char *lost_text(const struct trace *trace, char **room);

/* trace_text.c */
void trace_print(const struct timeline *timeline, bool all);

/* trace_compare.c */
void trace_print_both(const struct timeline timelines[LOADER_COUNT], bool all);

/* trace_json.c */
void trace_print_json(const struct timeline *timelines, size_t count);

/* trace_svg.c */
int trace_draw(const struct timeline *timelines, size_t count,
	       const char *path);

#endif /* _TOOLS_TRACE_H */
