// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf bench: the machine that was measured on, and what about it makes the
 * figures less than trustworthy.
 */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "bench.h"

#define CPU		"/sys/devices/system/cpu/"
#define VULNERABILITIES	CPU "vulnerabilities"
#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Shares and widths from which on a caution is given. */
#define MUCH_LOAD	0.1	/* of one processor, by others */
#define MUCH_STEAL	0.01	/* of one processor, by the host */
#define WIDE		0.02	/* of the ratio, its interval */
#define FEW_RUNS	30

/**
 * machine_seconds() - what the clock says
 *
 * Return: CLOCK_MONOTONIC in seconds.
 */
double machine_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Runs 2 * @rounds instructions. */
static void count_down(unsigned long rounds)
{
#if defined(__x86_64__)
	asm volatile("1: dec %0\n\tjnz 1b" : "+r" (rounds) : : "cc");
#elif defined(__aarch64__)
	asm volatile("1: subs %0, %0, #1\n\tbne 1b" : "+r" (rounds) : : "cc");
#else
	(void)rounds;
#endif
}

/**
 * machine_counts_instructions() - is a nanosecond an instruction here?
 *
 * So it is under QEMU's -icount shift=0.
 *
 * Return: true if so.
 */
bool machine_counts_instructions(void)
{
	const unsigned long rounds = 500000;
	double start, shortest = 1;
	int i;

	for (i = 0; i < 5; i++) {
		start = machine_seconds();
		count_down(rounds);
		start = machine_seconds() - start;
		if (shortest > start)
			shortest = start;
	}
	return fabs(shortest * 1e9 / (2 * rounds) - 1) < 0.005;
}

/* Return: a file's first line, for the caller to free; NULL if there is none. */
static char *first_line(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return NULL;
	if (getline(&line, &room, file) <= 0) {
		free(line);
		line = NULL;
	} else {
		line[strcspn(line, "\n")] = '\0';
	}
	fclose(file);
	return line;
}

static char *first_line_or(const char *path, const char *otherwise)
{
	return first_line(path) ?: format("%s", otherwise);
}

static char *cpu_name(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL, *name = NULL;
	size_t room = 0;

	while (file && !name && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "model name", 10) && strchr(line, ':'))
			name = format("%s", strchr(line, ':') + 2);
	}
	free(line);
	if (file)
		fclose(file);
	return name ?: format("a processor without a name");
}

/* As in "QEMU Standard PC"; what the firmware says of the machine. */
static char *firmware_name(void)
{
	char *vendor = first_line("/sys/class/dmi/id/sys_vendor");
	char *product = first_line("/sys/class/dmi/id/product_name");
	char *name = NULL;

	if (vendor && product)
		name = format("%s %s", vendor, product);
	free(vendor);
	free(product);
	return name;
}

/* Return: whose signature the processor carries; "" if it is a real one. */
static char *hypervisor_signature(void)
{
#ifdef __x86_64__
	unsigned int eax, ebx, ecx, edx, words[4] = { };

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & 1U << 31))
		return format("%s", "");
	__cpuid(0x40000000, eax, words[0], words[1], words[2]);
	return format("%s", (char *)words);
#else
	return NULL;
#endif
}

static char *accelerator_name(bool *emulated)
{
	static const char *const known[][2] = {
		{ "KVMKVMKVM", "KVM" },
		{ "TCGTCGTCGTCG", "QEMU TCG" },
		{ "XenVMMXenVMM", "Xen" },
		{ "Microsoft Hv", "Hyper-V" },
		{ "VMwareVMware", "VMware" },
		{ "bhyve bhyve ", "bhyve" },
	};
	char *signature = hypervisor_signature();
	char *type = first_line("/sys/hypervisor/type");
	char *name = NULL;
	size_t i;

	for (i = 0; signature && i < ARRAY_SIZE(known); i++)
		if (!strcmp(signature, known[i][0]))
			name = format("%s", known[i][1]);
	*emulated = name && !strcmp(name, "QEMU TCG");
	if (!name && type)
		name = format("%s", type);
	if (!name && signature)
		name = *signature ? format("a hypervisor (%s)", signature) :
				    format("bare metal");
	free(signature);
	free(type);
	return name ?: format("not known");
}

static char *where_it_runs(bool *emulated)
{
	char *name = accelerator_name(emulated);
	char *firmware = firmware_name();
	char *text;

	if (!firmware)
		return name;
	text = format("%s (%s)", name, firmware);
	free(name);
	free(firmware);
	return text;
}

static void append(char **list, const char *word)
{
	char *longer = format("%s%s%s", *list, **list ? " " : "", word);

	free(*list);
	*list = longer;
}

/* What the kernel says of each of the processor's weaknesses, sorted. */
static char *mitigations(void)
{
	char *active = format("%s", ""), *without = format("%s", "");
	char *cmdline = first_line_or("/proc/cmdline", "");
	struct dirent **entries;
	char *path, *state, *text;
	int count, i;

	count = scandir(VULNERABILITIES, &entries, NULL, alphasort);
	for (i = 0; i < count; i++) {
		path = format(VULNERABILITIES "/%s", entries[i]->d_name);
		state = first_line_or(path, "");
		if (!strncmp(state, "Mitigation", 10))
			append(&active, entries[i]->d_name);
		else if (!strncmp(state, "Vulnerable", 10))
			append(&without, entries[i]->d_name);
		free(state);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	text = format("%s%s%s%s",
		      strstr(cmdline, "mitigations=off") ? "off; " : "",
		      *active ? active : "none active",
		      *without ? "; vulnerable: " : "", without);
	free(active);
	free(without);
	free(cmdline);
	return text;
}

/*
 * Idle time is what the kernel counts best: busy ticks are samples, and an
 * emulator loses some.
 */
static void read_ticks(double *idle, double *steal)
{
	FILE *file = fopen("/proc/stat", "re");
	double waiting;

	*idle = 0;
	*steal = 0;
	if (!file)
		return;
	if (fscanf(file, "cpu %*f %*f %*f %lf %lf %*f %*f %lf", idle, &waiting,
		   steal) == 3)
		*idle += waiting;
	fclose(file);
}

static double seconds_of(const struct timeval *time)
{
	return time->tv_sec + time->tv_usec / 1e6;
}

/* Processor time of ours and of all that we have waited for. */
static double own_seconds(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage usage;
	double sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(whose); i++) {
		getrusage(whose[i], &usage);
		sum += seconds_of(&usage.ru_utime) +
		       seconds_of(&usage.ru_stime);
	}
	return sum;
}

/**
 * machine_look() - what the machine is; before anything is measured
 * @machine: filled in; machine_free() frees it
 */
void machine_look(struct machine *machine)
{
	struct utsname uts;

	uname(&uts);
	*machine = (struct machine){
		.kernel = format("%s %s", uts.release, uts.machine),
		.cpu = cpu_name(),
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.mitigations = mitigations(),
		.clocksource = first_line_or(CLOCKSOURCE, "not known"),
		.governor = first_line_or(CPU "cpu0/cpufreq/scaling_governor",
					  "none"),
	};
	machine->accelerator = where_it_runs(&machine->emulated);
	read_ticks(&machine->idle, &machine->steal);
	machine->own = own_seconds();
	machine->start = machine_seconds();
}

__printf(2, 3)
static void caution(struct machine *machine, const char *fmt, ...)
{
	va_list args;

	if (machine->caution_count == MAX_CAUTIONS)
		return;
	va_start(args, fmt);
	machine->cautions[machine->caution_count++] = vformat(fmt, args);
	va_end(args);
}

/* What else ran meanwhile. Ticks are coarse, so a short time tells nothing. */
static void judge_load(struct machine *machine)
{
	double ticks = sysconf(_SC_CLK_TCK);
	double seconds = machine_seconds() - machine->start;
	double others, idle, steal;

	if (seconds < 0.5)
		return;
	read_ticks(&idle, &steal);
	idle = (idle - machine->idle) / ticks / seconds;
	steal = (steal - machine->steal) / ticks / seconds;
	others = machine->cpus - idle - steal -
		 (own_seconds() - machine->own) / seconds;
	if (others > MUCH_LOAD)
		caution(machine, "other programs took %.0f%% of a processor meanwhile",
			others * 100);
	if (steal > MUCH_STEAL)
		caution(machine, "the host took %.0f%% of a processor away meanwhile",
			steal * 100);
}

static void judge_clock(struct machine *machine)
{
	char *boost = first_line(CPU "cpufreq/boost");

	if (machine->emulated)
		caution(machine,
			"emulated: times are not a real processor's; count instructions (--unit insns)");
	else if (strncmp(machine->accelerator, "bare metal", 10))
		caution(machine, "a virtual machine: what its host does meanwhile is not seen");
	if (strcmp(machine->governor, "none") &&
	    strcmp(machine->governor, "performance"))
		caution(machine,
			"the frequency varies (governor %s): cpupower frequency-set -g performance",
			machine->governor);
	if (boost && *boost == '1')
		caution(machine, "the frequency varies: echo 0 >" CPU "cpufreq/boost");
	free(boost);
}

static void judge_ratios(struct machine *machine, const struct bench *bench)
{
	const struct column *column, *baseline;
	struct ratio ratio;
	unsigned int i;

	for (i = 0; i < bench->column_count; i++) {
		column = &bench->columns[i];
		baseline = bench_baseline(bench, column);
		if (!baseline)
			continue;
		bench_ratio(bench, column, baseline, &ratio);
		if (ratio.high - ratio.low > WIDE * ratio.value)
			caution(machine,
				"%s, %u at once: the interval is wide (%.3f to %.3f); more runs (-n)?",
				column->name, column->jobs, ratio.low,
				ratio.high);
	}
}

/**
 * machine_judge() - why the figures should not be trusted, if so
 * @machine: from machine_look(); its cautions are filled in
 * @bench: what was measured
 */
void machine_judge(struct machine *machine, const struct bench *bench)
{
	unsigned int runs = bench->blocks * bench->block_size;

	/* The rest of the machine cannot add instructions to a minimum. */
	if (!bench->insns) {
		judge_load(machine);
		judge_clock(machine);
	}
	if (runs < FEW_RUNS)
		caution(machine, "%u runs are few: p99 is the longest, the interval a guess",
			runs);
	if (!bench->switched && !bench->columns[0].as_is)
		caution(machine, "two files, and no check of who loaded them; root can do better");
	judge_ratios(machine, bench);
}

/**
 * machine_free() - forget a machine
 * @machine: from machine_look()
 */
void machine_free(struct machine *machine)
{
	unsigned int i;

	free(machine->kernel);
	free(machine->cpu);
	free(machine->accelerator);
	free(machine->mitigations);
	free(machine->clocksource);
	free(machine->governor);
	for (i = 0; i < machine->caution_count; i++)
		free(machine->cautions[i]);
}
