/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead flash: OpenSBI's fw_payload with a packed image in the place of its payload. The firmware copies the device
 * tree to RAM before it changes it, as the previous stage may have left it in ROM (Spike, and the boot ROMs of CVA6
 * and Rocket). The copy lies behind the image, so its address depends on the image's size and is computed here.
 *
 * Source: OpenSBI, firmware/fw_payload.S, fw_next_arg1(): the offset from the firmware's first byte, wherever that
 * runs, is the operand of one instruction, "lui a1, OFFSET >> 12", if its low 12 bits are 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/base/range.h"
#include "tools/tool.h"

#define LUI_A1		0x5b7u		/* RISC-V ISA manual, "RV32I": opcode 0x37, rd 11 */
#define OFFSET_END	(1ull << 31)	/* lui extends the sign */

struct flash_arguments {
	const char *firmware, *image, *output;
};

static error_t parse_flash(int key, char *arg, struct argp_state *state)
{
	struct flash_arguments *a = state->input;

	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->output)
			argp_usage(state);
		break;
	}
	return parse_paths(key, arg, state, (const char **[]){ &a->firmware, &a->image }, 2);
}

uint64_t flash_tree_offset(uint64_t payload, uint64_t image_size)
{
	return align_up(payload + image_size, PAGE_SIZE);
}

/* The one instruction with FLASH_FDT_OFFSET in it. */
static uint8_t *find_offset(const struct blob *firmware, uint64_t end, const char *path)
{
	uint32_t word = FLASH_FDT_OFFSET | LUI_A1;
	uint8_t *found = NULL;

	for (uint64_t at = 0; at + 4 <= end; at += 2) {
		if (memcmp(firmware->data + at, &word, 4))
			continue;
		if (found)
			die("%s: FW_PAYLOAD_FDT_OFFSET is found twice in it", path);
		found = firmware->data + at;
	}
	if (!found)
		die("%s: not an fw_payload.bin built with FW_PAYLOAD_FDT_OFFSET=0x%x", path, FLASH_FDT_OFFSET);
	return found;
}

int cmd_flash(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write the whole to FILE", 0 },
		{ 0 }
	};
	static const struct argp argp = { options, parse_flash, "FIRMWARE IMAGE",
		"Put a packed IMAGE behind the OpenSBI in FIRMWARE, an fw_payload.bin of the generic platform.\v"
		"FIRMWARE is built with FW_PAYLOAD_FDT_OFFSET=0x21a5000, which is replaced by the first page behind "
		"IMAGE: the firmware copies the device tree there.", NULL, NULL, NULL };
	struct flash_arguments a = { 0 };
	struct blob firmware, image, out;
	uint64_t payload, tree;
	uint32_t word;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	firmware = read_file(a.firmware);
	image = read_file(a.image);
	if (!core_header_valid(&image) || core_image_size(&image) < image.size)
		die("%s: not an image that \"bulkhead pack\" made", a.image);
	payload = core_text_offset(&image);	/* FW_PAYLOAD_OFFSET is the same */
	if (firmware.size < payload)
		die("%s: its payload is not at 0x%lx", a.firmware, payload);
	tree = flash_tree_offset(payload, core_image_size(&image));
	if (tree >= OFFSET_END)
		die("%s: too large for a firmware's payload (2 GiB)", a.image);
	word = (uint32_t)tree | LUI_A1;
	memcpy(find_offset(&firmware, payload, a.firmware), &word, 4);
	out = (struct blob){ need_memory(payload + image.size), payload + image.size };
	memcpy(out.data, firmware.data, payload);
	memcpy(out.data + payload, image.data, image.size);
	write_file(a.output, out.data, out.size);
	return EXIT_OK;
}
