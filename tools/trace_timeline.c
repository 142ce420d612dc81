// SPDX-License-Identifier: GPL-2.0-only
/* From what was collected to a timeline: its phases, and its events in words. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "map.h"
#include "trace.h"

/* Where a phase begins, before it is known where it ends. */
static void add_phase(struct timeline *timeline, const char *name, __u64 ns,
		      int depth)
{
	timeline->phases[timeline->count++] = (struct phase){
		.name = name,
		.begin = ns,
		.depth = depth,
	};
}

static int by_begin(const void *a, const void *b)
{
	const struct phase *x = a, *y = b;

	/* A step without a length comes before what follows it. */
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* The steps of a load, and what comes after it. */
static void add_load(struct timeline *timeline, const struct load *load)
{
	int i;

	for (i = 0; i < XELF_STEP_COUNT; i++)
		if (load->step_begin[i])
			add_phase(timeline, step_names[i], load->step_begin[i],
				  1);
	if (load->end && load->step >= 0)
		add_phase(timeline, load->err ? "failed" : "start-up",
			  load->end, 0);
}

/* Is it worth a line of its own? An exec that went well is phases. */
static bool event_is_shown(const struct event *event)
{
	return event->kind != TRACE_CALL || event->call.result < 0 ||
	       strncmp(event->call.name, "execve", 6);
}

/**
 * timeline_make() - cut a run into phases
 * @timeline: filled in; timeline_free() is for the caller
 * @trace: the run, its events by time; kept by reference
 */
void timeline_make(struct timeline *timeline, const struct trace *trace)
{
	size_t boundaries = 1 + trace->load_count * (XELF_STEP_COUNT + 1);
	__u64 end = trace->fork_ns;
	size_t i, at = 0;

	for (i = 0; i < trace->count; i++)
		boundaries += trace->events[i].kind == TRACE_MAIN ||
			      trace->events[i].kind == TRACE_CALL;
	*timeline = (struct timeline){ .trace = trace };
	timeline->phases = allocate(boundaries * sizeof(*timeline->phases));
	add_phase(timeline, "fork", trace->fork_ns, 0);
	for (i = 0; i < trace->count; i++) {
		const struct event *event = &trace->events[i];

		if (event->ns > end)
			end = event->ns;
		if (event->kind == TRACE_MAIN)
			add_phase(timeline, trace->main_symbol ? "main" :
								 "entry",
				  event->ns, 0);
		if (event->kind == TRACE_CALL &&
		    !strncmp(event->call.name, "execve", 6))
			add_phase(timeline, "execve", event->ns, 0);
	}
	for (i = 0; i < trace->load_count; i++)
		add_load(timeline, trace->loads[i]);
	qsort(timeline->phases, timeline->count, sizeof(*timeline->phases),
	      by_begin);
	for (i = 0; i < timeline->count; i++) {
		struct phase *phase = &timeline->phases[i];

		phase->end = i + 1 < timeline->count ? phase[1].begin :
			     end > phase->begin ? end : phase->begin;
		phase->first = at;
		while (at < trace->count &&
		       (i + 1 == timeline->count ||
			trace->events[at].ns < phase->end))
			at++;
		phase->last = at;
		/* The call that this phase is. */
		if (phase->first < phase->last &&
		    !event_is_shown(&trace->events[phase->first]))
			phase->first++;
	}
}

/**
 * timeline_free() - undo timeline_make()
 * @timeline: as filled in
 */
void timeline_free(struct timeline *timeline)
{
	free(timeline->phases);
	*timeline = (struct timeline){ };
}

/**
 * timeline_phase() - the first phase of a name
 * @timeline: of a run
 * @name: of the phase
 *
 * Return: NULL if there is none.
 */
const struct phase *timeline_phase(const struct timeline *timeline,
				   const char *name)
{
	size_t i;

	for (i = 0; i < timeline->count; i++)
		if (!strcmp(timeline->phases[i].name, name))
			return &timeline->phases[i];
	return NULL;
}

static char *fault_text(const struct trace *trace, const struct event *event)
{
	static const char *const accesses[] = { "     ", "read ", "write",
						"exec " };
	static const char *const costs[] = { "     ", "minor", "MAJOR" };
	const struct fault *fault = &event->fault;
	bool file = is_file_page(trace, event->ns, fault->addr);
	char *where = where_text(trace, event->ns, fault->addr);
	char *symbol = fault->ip ? symbol_text(trace, event->ns, fault->ip) :
				   NULL;
	char *text = format("fault 0x%012llx %s %s %s  %s%s%s",
			    HEX(fault->addr), accesses[fault->access],
			    file && fault->access != ACCESS_WRITE ? "file" :
			    file ? "copy" : "anon",
			    costs[fault->cost], where,
			    !fault->ip ? " by the kernel" : !symbol ? "" :
			    fault->access == ACCESS_EXEC ? " " : " by ",
			    symbol ?: "");

	free(symbol);
	free(where);
	return text;
}

/* The same in fewer words, without addresses. */
static char *fault_brief(const struct trace *trace, const struct event *event)
{
	static const char *const accesses[] = { "", "read ", "write ", "exec " };
	const struct fault *fault = &event->fault;
	bool file = is_file_page(trace, event->ns, fault->addr);
	char *where = where_text(trace, event->ns, fault->addr);
	char *text = format("%s%s%s: %s", fault->cost == COST_MAJOR ? "MAJOR " :
			    "", accesses[fault->access],
			    file && fault->access != ACCESS_WRITE ? "file" :
			    file ? "copy" : "anon", where);

	free(where);
	return text;
}

static const char *prot_text(__u64 prot, char room[4])
{
	room[0] = prot & PROT_READ ? 'r' : '-';
	room[1] = prot & PROT_WRITE ? 'w' : '-';
	room[2] = prot & PROT_EXEC ? 'x' : '-';
	room[3] = '\0';
	return room;
}

/* "mmap" and the like, where, how much, and what is there. */
static char *call_text(const struct trace *trace, const struct event *event)
{
	const struct call *call = &event->call;
	__u64 done = event->ns + event->took;
	char size[32], prot[4];
	char *where, *text;

	if (call->result < 0 && call->result > -4096)
		return format("%s: %s", call->name, errno_name(-call->result));
	if (!strncmp(call->name, "execve", 6))
		return format("%s", call->name);
	if (!strcmp(call->name, "brk"))
		return format("brk 0x%llx", HEX(call->result));
	size_text(call->args[1], size);
	if (!strcmp(call->name, "munmap"))
		return format("munmap 0x%012llx %s", HEX(call->args[0]), size);
	where = where_text(trace, done, !strcmp(call->name, "mprotect") ?
			   call->args[0] : (__u64)call->result);
	if (!strcmp(call->name, "mmap"))
		text = format("mmap  0x%012llx %5s %s  %s", HEX(call->result),
			      size, prot_text(call->args[2], prot), where);
	else if (!strcmp(call->name, "mprotect"))
		text = format("mprotect 0x%012llx %5s %s  %s",
			      HEX(call->args[0]), size,
			      prot_text(call->args[2], prot), where);
	else
		text = format("%s 0x%012llx %s", call->name, HEX(call->result),
			      where);
	free(where);
	return text;
}

static char *exit_text(const struct trace *trace)
{
	if (trace->status >= 0 && WIFSIGNALED(trace->status))
		return format("exit: killed by signal %d, %s",
			      WTERMSIG(trace->status),
			      strsignal(WTERMSIG(trace->status)));
	if (trace->status >= 0)
		return format("exit: status %d", WEXITSTATUS(trace->status));
	return format("exit");
}

/**
 * event_text() - what happened, in words and numbers
 * @trace: the run
 * @event: one of its events
 *
 * Return: one line, with names of files as they are, for the caller to free.
 */
char *event_text(const struct trace *trace, const struct event *event)
{
	switch (event->kind) {
	case TRACE_FORK:
		return event->number == trace->pid ?
		       format("fork: process %d", event->number) :
		       format("forks: process %d, which is not followed",
			      event->number);
	case TRACE_CALL:
		return call_text(trace, event);
	case TRACE_DETAIL:
		return format("%s", event->text);
	case TRACE_FAULT:
		return fault_text(trace, event);
	case TRACE_MAIN:
		return format(trace->main_symbol ? "main is reached" :
			      "the entry point is reached (there is no symbol main)");
	case TRACE_SIGNAL:
		return format("signal %d, %s", event->number,
			      strsignal(event->number));
	case TRACE_EXIT:
		return exit_text(trace);
	}
	return format("?");
}

/**
 * event_line() - what happened, for a terminal
 * @trace: the run
 * @event: one of its events
 * @brief: it is for half a line
 *
 * Return: for the caller to free; names of files as print_shown() has them.
 */
char *event_line(const struct trace *trace, const struct event *event, bool brief)
{
	char *text = brief && event->kind == TRACE_FAULT ?
		     fault_brief(trace, event) : event_text(trace, event);
	char *line = shown(text);

	free(text);
	return line;
}

/**
 * deciding_load() - the load that a run came to
 * @trace: the run
 *
 * Return: the last one; a program that is there and has another exec refused goes
 * on as it was. NULL if none was seen.
 */
const struct load *deciding_load(const struct trace *trace)
{
	size_t i = trace->load_count;

	while (i > 0 && !trace->exec_errno && trace->loads[i - 1]->err &&
	       trace->loads[i - 1]->step <= XELF_STEP_COMMIT)
		i--;
	return i ? trace->loads[i - 1] : NULL;
}

/**
 * result_text() - what the exec and the program came to
 * @trace: the run
 *
 * Return: one line, for the caller to free.
 */
char *result_text(const struct trace *trace)
{
	const struct load *load = deciding_load(trace);
	const char *loader = load ? loader_names[load->loader] :
				    "a loader that was not seen";
	const char *step = load && load->step >= 0 ? step_names[load->step] :
						     "its beginning";

	if (trace->exec_errno && (!load || !load->err))
		return format("exec failed before a loader was asked: %s (%s)",
			      errno_name(trace->exec_errno),
			      strerror(trace->exec_errno));
	if (load && load->err && load->step > XELF_STEP_COMMIT)
		return format("killed by %s in step %s: %s (%s)", loader, step,
			      errno_name(load->err), strerror(load->err));
	if (load && load->err)
		return format("refused by %s in step %s: %s (%s)%s%s", loader,
			      step, errno_name(load->err), strerror(load->err),
			      load->reason ? ", reason " : "",
			      load->reason ?: "");
	if (!load && trace->loader_probe)
		return format("no exec was seen");
	if (trace->stopped)
		return format("loaded by %s; %s", loader, trace->stopped);
	if (trace->status >= 0 && WIFSIGNALED(trace->status))
		return format("loaded by %s; killed by signal %d (%s)", loader,
			      WTERMSIG(trace->status),
			      strsignal(WTERMSIG(trace->status)));
	return format("loaded by %s; exit status %d", loader,
		      WEXITSTATUS(trace->status));
}

/**
 * lost_text() - what is not in the timeline
 * @trace: the run
 * @room: for the text, to be freed
 *
 * Return: one line, or NULL if nothing is missing.
 */
const char *lost_text(const struct trace *trace, char **room)
{
	const struct lost *lost = &trace->lost;

	*room = NULL;
	if (!lost->events && !lost->samples && !lost->kept_out)
		return NULL;
	*room = format("lost: %lu events, %lu samples (buffer full: --buffer); %lu not kept",
		       lost->events, lost->samples, lost->kept_out);
	return *room;
}
