// SPDX-License-Identifier: GPL-2.0-only
/* What `xelf trace` is tried on: a program that does one odd thing. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096UL

/* Each of them once. A function of its own, to be seen. */
static int __attribute__((__noinline__)) touch_pages(unsigned long count)
{
	char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned long i;

	if (memory == MAP_FAILED)
		return 1;
	/* EINVAL where the kernel has none. */
	if (madvise(memory, count * PAGE, MADV_NOHUGEPAGE) && errno != EINVAL)
		return 1;
	for (i = 0; i < count; i++) {
		memory[i * PAGE] = 1;
		/* Memory of a VM is short. */
		if (i % 1024 == 1023)
			madvise(memory + (i - 1023) * PAGE, 1024 * PAGE,
				MADV_DONTNEED);
	}
	return 0;
}

/* The kernel puts no probes into Thumb code. */
#ifdef __arm__
__attribute__((__target__("arm")))
#endif
int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "touch") && argc > 2)
		return touch_pages(strtoul(argv[2], NULL, 10));
	if (!strcmp(what, "fork")) {
		if (!fork())
			_exit(3);
		wait(NULL);
	}
	if (!strcmp(what, "for-ever"))
		for (;;)
			pause();
	if (!strcmp(what, "crash"))
		raise(SIGSEGV);
	if (!strcmp(what, "exec") && argc > 2)
		execv(argv[2], argv + 2);
	return 0;
}
