// SPDX-License-Identifier: GPL-2.0-only
/*
 * What perf_event_open() tells of a process and tracefs does not: the files
 * behind its mappings, by name, and which faults were major. The end of a
 * fault's sample is also when the fault was over.
 */
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

/* A power of two: bytes of the ring, one page before it. */
#define RING_SIZE	(4UL << 20)

/* A fault's sample, kept until the events are in order. */
struct cost_sample {
	__u64 ns;
	__u64 addr;
	__u64 ip;	/* 0: the kernel's */
	enum cost cost;
};

struct perf {
	int fds[2];
	__u64 ids[2];
	struct perf_event_mmap_page *page;
	size_t size;
	struct cost_sample *samples;
	size_t count;
	size_t room;
};

/* As sample_type asks for it. */
struct sample_record {
	struct perf_event_header header;
	__u64 id;
	__u64 ip;
	__u32 pid;
	__u32 tid;
	__u64 ns;
	__u64 addr;
};

struct mmap_record {
	struct perf_event_header header;
	__u32 pid;
	__u32 tid;
	__u64 addr;
	__u64 size;
	__u64 offset;
	__u32 major;
	__u32 minor;
	__u64 inode;
	__u64 generation;
	__u32 prot;
	__u32 flags;
	char path[];
};

/* Behind the other records, as sample_id_all asks for it. */
struct record_tail {
	__u32 pid;
	__u32 tid;
	__u64 ns;
	__u64 id;
};

struct lost_record {
	struct perf_event_header header;
	__u64 id;
	__u64 lost;
};

static int open_counter(pid_t pid, __u64 config, int with_maps)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = config,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
			       PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_ADDR,
		.mmap = with_maps,
		.mmap_data = with_maps,
		.mmap2 = with_maps,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return syscall(SYS_perf_event_open, &attr, pid, -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/**
 * perf_open() - watch a process
 * @pid: the process
 *
 * Return: for perf_close(), or NULL if the kernel does not allow it.
 */
struct perf *perf_open(pid_t pid)
{
	struct perf *perf = allocate(sizeof(*perf));
	void *ring;
	int i;

	perf->size = RING_SIZE + sysconf(_SC_PAGESIZE);
	perf->fds[0] = open_counter(pid, PERF_COUNT_SW_PAGE_FAULTS_MIN, 1);
	perf->fds[1] = open_counter(pid, PERF_COUNT_SW_PAGE_FAULTS_MAJ, 0);
	ring = perf->fds[0] < 0 || perf->fds[1] < 0 ? MAP_FAILED :
	       mmap(NULL, perf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    perf->fds[0], 0);
	if (ring == MAP_FAILED ||
	    ioctl(perf->fds[1], PERF_EVENT_IOC_SET_OUTPUT, perf->fds[0]))
		goto failed;
	for (i = 0; i < 2; i++)
		if (ioctl(perf->fds[i], PERF_EVENT_IOC_ID, &perf->ids[i]))
			goto failed;
	perf->page = ring;
	return perf;
failed:
	if (ring != MAP_FAILED)
		munmap(ring, perf->size);
	for (i = 0; i < 2; i++)
		if (perf->fds[i] >= 0)
			close(perf->fds[i]);
	free(perf);
	return NULL;
}

static void add_sample(struct perf *perf, const struct sample_record *record)
{
	if (perf->count == perf->room) {
		perf->room = perf->room ? 2 * perf->room : 1024;
		perf->samples = realloc(perf->samples, perf->room *
					sizeof(*perf->samples));
		if (!perf->samples)
			exit(fail("", "out of memory", 0));
	}
	perf->samples[perf->count++] = (struct cost_sample){
		.ns = record->ns,
		.addr = record->addr,
		.ip = (record->header.misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
		      PERF_RECORD_MISC_USER ? record->ip : 0,
		.cost = record->id == perf->ids[1] ? COST_MAJOR : COST_MINOR,
	};
}

static void read_record(struct perf *perf, struct trace *trace,
			const struct perf_event_header *header)
{
	const struct mmap_record *map = (void *)header;
	const struct lost_record *lost = (void *)header;
	const struct record_tail *tail =
		(void *)((char *)header + header->size - sizeof(*tail));

	switch (header->type) {
	case PERF_RECORD_SAMPLE:
		add_sample(perf, (void *)header);
		break;
	case PERF_RECORD_MMAP2:
		trace_map(trace, tail->ns, map->addr, map->size, map->offset,
			  map->path);
		break;
	case PERF_RECORD_LOST:
		trace->lost.samples += lost->lost;
		break;
	}
}

/**
 * perf_read() - take what is in the ring
 * @perf: from perf_open()
 * @trace: where mappings go to
 */
void perf_read(struct perf *perf, struct trace *trace)
{
	const char *ring = (char *)perf->page + perf->size - RING_SIZE;
	/* Records are of eight bytes at least, and no longer than this. */
	static char copy[65536];
	__u64 head = __atomic_load_n(&perf->page->data_head, __ATOMIC_ACQUIRE);
	__u64 tail = perf->page->data_tail;

	while (tail < head) {
		size_t at = tail & (RING_SIZE - 1);
		const struct perf_event_header *header = (void *)(ring + at);
		size_t size = header->size;
		size_t part = size < RING_SIZE - at ? size : RING_SIZE - at;

		/* It may run over the end of the ring. */
		memcpy(copy, header, part);
		memcpy(copy + part, ring, size - part);
		read_record(perf, trace, (void *)copy);
		tail += size;
	}
	__atomic_store_n(&perf->page->data_tail, tail, __ATOMIC_RELEASE);
}

/*
 * What a sample tells of a fault. An instruction that faults on its own page is
 * run; 32-bit ARM tells of an address no more than its page.
 */
static void add_fault(struct trace *trace, const struct cost_sample *sample)
{
	struct event *event = trace_add(trace, sample->ns, TRACE_FAULT);

	if (event)
		event->fault = (struct fault){
			.addr = sample->addr,
			.ip = sample->ip,
			.access = (sample->ip ^ sample->addr) < PAGE_SIZE_SHOWN ?
				  ACCESS_EXEC : ACCESS_UNKNOWN,
			.cost = sample->cost,
		};
}

/**
 * perf_close() - the process is gone, or of no interest any more
 * @perf: from perf_open()
 * @trace: its events, in the order of time; the costs of faults are filled in,
 *	or the faults added, at the end, where they have no events
 */
void perf_close(struct perf *perf, struct trace *trace)
{
	size_t i;

	perf_read(perf, trace);
	for (i = 0; i < perf->count; i++) {
		const struct cost_sample *sample = &perf->samples[i];

		if (trace->fault_events)
			trace_cost(trace, sample->ns, sample->addr,
				   sample->cost);
		else
			add_fault(trace, sample);
	}
	munmap(perf->page, perf->size);
	close(perf->fds[0]);
	close(perf->fds[1]);
	free(perf->samples);
	free(perf);
}
