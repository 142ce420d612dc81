// SPDX-License-Identifier: GPL-2.0-only
// Memory that was asked for is used without a look at whether there was any.
virtual report
@r exists@
expression x;
identifier f;
position p;
@@
x = \(kmalloc\|kzalloc\|kcalloc\|kmalloc_array\|kvmalloc\|kmemdup\)(...);
... when != \(!x\|x == NULL\|x != NULL\|x ? ... : ...\)
    when != if (<+...x...+>) {...}
x@p->f
@script:python@
p << r.p;
@@
print("%s:%s: alloc: used before it is known that there was memory" % (p[0].file, p[0].line))
