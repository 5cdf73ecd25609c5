# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest could do to others, or to its own hart, through OpenSBI 1.6, and what scripts/fetch changes against it.

docs/safety.md, "The firmware", says why. An entry is a file, a text that is in it once, and what replaces it.
"""
import os


class NotAsExpected(Exception):
    """The name of the file that does not have such a text once."""


# For lib/sbi/sbi_hart.c: the traps of which the firmware makes nothing but a trap of whoever caused it.
UNEMULATED = r"""
static bool has_fence_tso(void)
{
	struct sbi_trap_info trap = { 0 };
	register ulong info asm("a3") = (ulong)&trap;
	register ulong vector = sbi_hart_expected_trap_addr();

	asm volatile("csrrw %[vector], mtvec, %[vector]\n"
		     ".word 0x8330000f\n"
		     "csrw mtvec, %[vector]"
		     : [vector] "+&r"(vector), [info] "+&r"(info) : : "a4", "memory");
	return !trap.cause;
}

static unsigned long unemulated(struct sbi_scratch *scratch)
{
	const struct sbi_platform_operations *ops = sbi_platform_ops(sbi_platform_ptr(scratch));
	unsigned long causes = 1U << CAUSE_FETCH_ACCESS;
	struct sbi_trap_info trap = { 0 };

	if (!ops->emulate_load && !ops->emulate_store)
		causes |= (1U << CAUSE_LOAD_ACCESS) | (1U << CAUSE_STORE_ACCESS);
	if (!sbi_hart_has_extension(scratch, SBI_HART_EXT_ZICNTR) || !has_fence_tso())
		return causes;
	if (misa_extension('H'))
		csr_read_allowed(CSR_HTIMEDELTA, &trap);
	return trap.cause ? causes : causes | (1U << CAUSE_ILLEGAL_INSTRUCTION);
}

"""

# For lib/sbi/sbi_trap_ldst.c: whether the hart can do what the fetched instruction asks for.
MAY_EMULATE = r"""
static bool fp_on(const struct sbi_trap_regs *regs)
{
	return (csr_read(CSR_MSTATUS) & MSTATUS_FS) &&
	       (!sbi_regs_from_virt(regs) || (csr_read(CSR_VSSTATUS) & MSTATUS_FS));
}

static bool may_emulate(const struct sbi_trap_regs *regs, ulong insn)
{
	ulong opcode = insn & 0x7f, width = (insn >> 12) & 7, funct3 = (insn >> 13) & 7;

	if ((insn & 3) == 3) {
		if (opcode != 0x07 && opcode != 0x27)
			return true;
		return (width == 2 || (width == 3 && misa_extension('D'))) && misa_extension('F') && fp_on(regs);
	}
	if (funct3 == 1 || funct3 == 5)
		return misa_extension('D') && misa_extension('C') && fp_on(regs);
	return __riscv_xlen == 64 || (funct3 != 3 && funct3 != 7) ||
	       (misa_extension('F') && misa_extension('C') && fp_on(regs));
}

"""

ASK = "\tif (!may_emulate(regs, insn))\n\t\treturn sbi_trap_redirect(regs, orig_trap);\n\n"
DELEGATE = "static int delegate_traps(struct sbi_scratch *scratch)\n"
LOAD = "static int sbi_trap_emulate_load(struct sbi_trap_context *tcntx,\n"
LOAD_DECODE = "\tif ((insn & INSN_MASK_LB) == INSN_MATCH_LB) {\n"
STORE_DECODE = "\tval.data_ulong = GET_RS2(insn, regs);\n\n\tif ((insn & INSN_MASK_SB)"
ECALL_FROM_U = "\t\t     (1U << CAUSE_USER_ECALL);\n"

OPENSBI_MENDS = (
    # A line, on a UART that may be another guest's, for each illegal SYSTEM instruction.
    ("lib/sbi/sbi_illegal_insn.c",
     '\t\tsbi_printf("%s: Invalid opcode for CSR read/write instruction",\n\t\t\t   __func__);\n', ""),
    # The less M-mode does for a guest, the less a guest can make it do. It is asked where it has something to add: a
    # platform that emulates accesses; a hart that lacks fence.tso, time or htimedelta.
    ("lib/sbi/sbi_hart.c", DELEGATE, UNEMULATED.lstrip("\n") + DELEGATE),
    ("lib/sbi/sbi_hart.c", ECALL_FROM_U, ECALL_FROM_U.replace(";", " | unemulated(scratch);")),
    # The instruction is fetched again, and may be another one than trapped: a unit that the hart lacks, or that is off,
    # makes M-mode trap, and the hart hangs. Without all of C and D the encodings of C.FLD and its like are other ones.
    ("lib/sbi/sbi_trap_ldst.c", LOAD, MAY_EMULATE.lstrip("\n") + LOAD),
    ("lib/sbi/sbi_trap_ldst.c", LOAD_DECODE, ASK + LOAD_DECODE),
    ("lib/sbi/sbi_trap_ldst.c", STORE_DECODE, ASK + STORE_DECODE),
    # Vector accesses are emulated by fetching the instruction a third time, with vl, vstart and vtype as the guest has
    # left them, 8192 bytes on a stack of 4 KiB, and what was on it before in a register if the first element faults.
    # The mode that made the access gets the trap, as from OpenSBI before 1.5. may_emulate() refuses these before.
    ("lib/sbi/sbi_trap_ldst.c", "\t\tvector = 1;\n\t\temu = sbi_misaligned_v_ld_emulator;\n",
     "\t\treturn sbi_trap_redirect(regs, orig_trap);\n"),
    ("lib/sbi/sbi_trap_ldst.c", "\t\temu = sbi_misaligned_v_st_emulator;\n",
     "\t\treturn sbi_trap_redirect(regs, orig_trap);\n"),
)


def mend(tree):
    """Changes the unpacked sources in tree."""
    for name, old, new in OPENSBI_MENDS:
        path = os.path.join(tree, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(old) != 1:
            raise NotAsExpected(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
