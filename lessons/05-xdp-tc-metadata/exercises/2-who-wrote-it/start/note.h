/* SPDX-License-Identifier: GPL-2.0-only */
/* What our XDP program leaves in front of a packet, and TC finds there. */
#ifndef NOTE_H
#define NOTE_H

#include <linux/types.h>

#define NOTE_MAGIC 0x4e6f7465 /* any number that nobody else begins with */

struct note {
	__u32 magic; /* NOTE_MAGIC: this is a note of ours */
	__u32 mark;
};

#endif /* NOTE_H */
