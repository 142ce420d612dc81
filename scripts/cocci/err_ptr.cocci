// SPDX-License-Identifier: GPL-2.0-only
// What gives an ERR_PTR is never NULL: a test for that lets every error pass.
virtual report
@r exists@
expression x;
position p;
@@
x = \(open_exec\|filp_open\|memdup_user\|ERR_PTR\|debugfs_create_dir\)(...)
... when != x = ...
(
!x@p
|
x@p == NULL
)
@script:python@
p << r.p;
@@
print("%s:%s: err_ptr: tested for NULL, but what fails here is an ERR_PTR" % (p[0].file, p[0].line))
