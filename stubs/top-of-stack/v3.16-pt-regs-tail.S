/* v3.16, common tail of the older stubs that get a pt_regs pointer: RESTORE
 * and return.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. Full frame,
 * 8 bytes above RSP (return address below it). Parts: restore, return.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_R11       0x30
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00

	.text
	.globl	pt_regs_tail
	.type	pt_regs_tail, @function
pt_regs_tail:
# COSTMODEL-BEGIN restore
	movq	8+FULL_RSP(%rsp), %r11
	movq	%r11, %gs:old_rsp
	movq	8+FULL_EFLAGS(%rsp), %r11
	movq	%r11, 8+FULL_R11(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN return
	movq	8+FULL_R15(%rsp), %r15
	movq	8+FULL_R14(%rsp), %r14
	movq	8+FULL_R13(%rsp), %r13
	movq	8+FULL_R12(%rsp), %r12
	movq	8+FULL_RBP(%rsp), %rbp
	movq	8+FULL_RBX(%rsp), %rbx
	ret	$0x30
# COSTMODEL-END
	.size	pt_regs_tail, . - pt_regs_tail
