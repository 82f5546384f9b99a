/* What runs in the guest: every program of every sample, then UD2.
 *
 * A copy of these bytes lies in the guest, with a copy of enter_code behind them whose
 * address is in R15. RBX: addresses of the programs, ended by 0. RBP: results. R12:
 * samples. R14: the state of the dither (see wait_a_little).
 */
#include "guest.h"

__asm__(".text\n"
	".globl guest_driver, guest_driver_done, guest_driver_end\n"
	"guest_driver:\n"
	"1:	mov %rbx, %r13\n"
	"2:	mov (%r13), %rax\n"
	"	test %rax, %rax\n"
	"	jz 4f\n"
	"	mov %rax, 0x0fff0080\n"
	"	imul $1664525, %r14d, %r14d\n"
	"	add $1013904223, %r14d\n"
	"	mov %r14d, %ecx\n"
	"	shr $24, %ecx\n"
	"	inc %ecx\n"
	"3:	dec %ecx\n"
	"	jnz 3b\n"
	"	mov $0x0fff0000, %edi\n"
	"	call *%r15\n"
	"	mov %eax, (%rbp)\n"
	"	add $4, %rbp\n"
	"	add $8, %r13\n"
	"	jmp 2b\n"
	"4:	dec %r12\n"
	"	jnz 1b\n"
	"guest_driver_done:\n"
	"	ud2\n"
	"guest_driver_end:\n");
