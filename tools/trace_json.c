// SPDX-License-Identifier: GPL-2.0-only
/* xelf trace --json: one object, with a run for each loader that was traced. */
#include <stdlib.h>

#include "json.h"
#include "trace.h"

static const char *const kind_names[] = {
	[TRACE_FORK] = "fork",
	[TRACE_CALL] = "call",
	[TRACE_DETAIL] = "loader",
	[TRACE_FAULT] = "fault",
	[TRACE_MAIN] = "main",
	[TRACE_SIGNAL] = "signal",
	[TRACE_EXIT] = "exit",
};

static void json_fault(const struct trace *trace, const struct event *event)
{
	static const char *const accesses[] = { NULL, "read", "write", "exec" };
	static const char *const costs[] = { NULL, "minor", "major" };
	const struct fault *fault = &event->fault;
	char *where = where_text(trace, event->ns, fault->addr);
	char *symbol = symbol_text(trace, event->ns, fault->ip);

	printf(", \"address\": \"0x%llx\", \"where\": ", HEX(fault->addr));
	print_json_string(where);
	printf(", \"file\": %s", is_file_page(trace, event->ns, fault->addr) ?
	       "true" : "false");
	printf(", \"by_kernel\": %s", fault->ip ? "false" : "true");
	if (accesses[fault->access])
		printf(", \"access\": \"%s\"", accesses[fault->access]);
	if (costs[fault->cost])
		printf(", \"cost\": \"%s\"", costs[fault->cost]);
	if (symbol) {
		printf(", \"symbol\": ");
		print_json_string(symbol);
	}
	free(symbol);
	free(where);
}

/* Times are nanoseconds since the fork. */
static void json_event(const struct trace *trace, const struct event *event)
{
	char *text = event_text(trace, event);

	printf("{\"ns\": %lld, \"took_ns\": %llu, \"kind\": \"%s\"",
	       (long long)(event->ns - trace->fork_ns), HEX(event->took),
	       kind_names[event->kind]);
	if (event->kind == TRACE_FAULT)
		json_fault(trace, event);
	else if (event->kind == TRACE_CALL)
		printf(", \"call\": \"%s\", \"result\": %lld",
		       event->call.name, (long long)event->call.result);
	printf(", \"text\": ");
	print_json_string(text);
	putchar('}');
	free(text);
}

static void json_phase(const struct timeline *timeline,
		       const struct phase *phase)
{
	const struct trace *trace = timeline->trace;
	size_t i;

	printf("\n        {\"name\": \"%s\", \"depth\": %d, ", phase->name,
	       phase->depth);
	printf("\"ns\": %lld, \"took_ns\": %llu, \"events\": [",
	       (long long)(phase->begin - trace->fork_ns),
	       HEX(phase->end - phase->begin));
	for (i = phase->first; i < phase->last; i++) {
		printf("%s\n          ", i > phase->first ? "," : "");
		json_event(trace, &trace->events[i]);
	}
	printf("]}");
}

static void json_load(const struct load *load)
{
	printf("\n        {\"loader\": \"%s\", \"errno\": ",
	       loader_names[load->loader]);
	if (load->err)
		print_json_string(errno_name(load->err));
	else
		printf("null");
	printf(", \"step\": %s%s%s, \"reason\": ",
	       load->step < 0 ? "" : "\"",
	       load->step < 0 ? "null" : step_names[load->step],
	       load->step < 0 ? "" : "\"");
	if (load->reason)
		print_json_string(load->reason);
	else
		printf("null");
	putchar('}');
}

static void json_run(const struct timeline *timeline)
{
	static const char in[] = "      ";
	const struct trace *trace = timeline->trace;
	char *result = result_text(trace);
	size_t i;

	printf("\n    {");
	string(false, in, "result", result);
	string(true, in, "exec_errno", trace->exec_errno ?
	       errno_name(trace->exec_errno) : NULL);
	string(true, in, "stopped", trace->stopped);
	number(true, in, "lost_events", trace->lost.events);
	number(true, in, "lost_samples", trace->lost.samples);
	number(true, in, "kept_out", trace->lost.kept_out);
	member(true, in, "loads");
	putchar('[');
	for (i = 0; i < trace->load_count; i++) {
		fputs(i ? "," : "", stdout);
		json_load(trace->loads[i]);
	}
	printf("\n      ]");
	member(true, in, "phases");
	putchar('[');
	for (i = 0; i < timeline->count; i++) {
		fputs(i ? "," : "", stdout);
		json_phase(timeline, &timeline->phases[i]);
	}
	printf("\n      ]\n    }");
	free(result);
}

/**
 * trace_print_json() - runs
 * @timelines: of one program
 * @count: their number
 */
void trace_print_json(const struct timeline *timelines, size_t count)
{
	size_t i;

	printf("{");
	string(false, "  ", "program", timelines[0].trace->path);
	member(true, "  ", "runs");
	putchar('[');
	for (i = 0; i < count; i++) {
		fputs(i ? "," : "", stdout);
		json_run(&timelines[i]);
	}
	printf("\n  ]\n}\n");
}
