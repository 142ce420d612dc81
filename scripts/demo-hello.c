// SPDX-License-Identifier: GPL-2.0-only
/* A C program for scripts/demo: says where its code, heap and stack are. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	char *heap = malloc(1);
	int stack;

	printf("hello: code %p, heap %p, stack %p\n", (void *)main,
	       (void *)heap, (void *)&stack);
	free(heap);
	return 0;
}
