/* SPDX-License-Identifier: GPL-2.0-only */
/* What the probe and those who run it agree on. */
#ifndef XELF_PROBE_H
#define XELF_PROBE_H

/* Its exit status: nothing else ends with it. */
#define PROBE_STATUS	42
/* It looks at so many pages of a mapping at the most. */
#define PROBE_MAX_PAGES	64

#endif
