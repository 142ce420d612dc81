// SPDX-License-Identifier: GPL-2.0-only
// A return that leaves the address space or a mutex locked.
virtual report
@r exists@
expression m;
position p;
@@
\(mmap_write_lock\|mmap_read_lock\|mutex_lock\)(m);
... when != \(mmap_write_unlock\|mmap_read_unlock\|mutex_unlock\)(m)
    when != mmap_write_downgrade(m)
return@p ...;
@script:python@
p << r.p;
@@
print("%s:%s: lock: returns without unlocking" % (p[0].file, p[0].line))
