// SPDX-License-Identifier: GPL-2.0-only
// A file or memory that was given back is used again.
virtual report
@r exists@
expression x, e;
identifier f;
position p;
@@
\(fput\|kfree\|kvfree\|exe_file_allow_write_access\)(x);
... when != x = e
    when != &x
x@p->f
@script:python@
p << r.p;
@@
print("%s:%s: use_after_put: used after it was given back" % (p[0].file, p[0].line))
