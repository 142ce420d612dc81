/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the trace events are called: xelf_tell(committed, ...) is
 * trace_xelf_committed(...), out of line. A part of binfmt_xelf.c.
 *
 * A tracepoint's call in the middle of a function makes the compiler save
 * registers for it also while nobody listens, which cost more than all the
 * untaken branches. So each event has a function of its own here, made by
 * reading the events once more, as <trace/define_trace.h> does.
 */
#ifndef _XELF_TELL_H
#define _XELF_TELL_H

#include <trace/events/xelf.h>

#undef TRACE_EVENT
#define TRACE_EVENT(name, proto, args, ...)				\
	static noinline __cold __maybe_unused void tell_##name(proto)	\
	{								\
		trace_##name(args);					\
	}

#define TRACE_HEADER_MULTI_READ
#include <trace/events/xelf.h>
#undef TRACE_HEADER_MULTI_READ
/* <linux/tracepoint.h> defines it again for whoever comes next. */
#undef TRACE_EVENT

/* The arguments are looked at only if somebody listens. */
#define xelf_tell(event, ...) do {					\
	if (trace_xelf_##event##_enabled())				\
		tell_xelf_##event(__VA_ARGS__);				\
} while (0)

#endif /* _XELF_TELL_H */
