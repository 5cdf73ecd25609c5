/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest from zero: it prints by SBI and powers itself off. docs/guide.md says how to go on from here. */
#define SBI_DBCN	0x4442434eUL
#define SBI_SRST	0x53525354UL

void guest_main(unsigned long hart, const void *tree);

static long sbi(unsigned long extension, unsigned long function, unsigned long arg0, unsigned long arg1)
{
	register unsigned long a0 __asm__("a0") = arg0, a1 __asm__("a1") = arg1, a2 __asm__("a2") = 0;
	register unsigned long a6 __asm__("a6") = function, a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (long)a0;
}

static void print(const char *text)
{
	unsigned long n = 0;

	while (text[n])
		n++;
	sbi(SBI_DBCN, 0, n, (unsigned long)text);
}

void guest_main(unsigned long hart, const void *tree)
{
	(void)hart;
	print(tree ? "template: here I am\n" : "template: no device tree\n");
	sbi(SBI_SRST, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}
