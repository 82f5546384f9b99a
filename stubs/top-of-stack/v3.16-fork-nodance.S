/* v3.16-fork.S without FIXUP and RESTORE: what is left once every slot is
 * written early.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 128; full frame, 8 bytes above RSP at the call.
 * Parts: save-rest, handler, return; together 11 insns, 45 B.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00

	.text
	.globl	stub_fork
	.type	stub_fork, @function
stub_fork:
# COSTMODEL-BEGIN save-rest
	popq	%r11
	subq	$0x30, %rsp
	movq	%rbx, FULL_RBX(%rsp)
	movq	%rbp, FULL_RBP(%rsp)
	movq	%r12, FULL_R12(%rsp)
	movq	%r13, FULL_R13(%rsp)
	movq	%r14, FULL_R14(%rsp)
	movq	%r15, FULL_R15(%rsp)
	pushq	%r11
# COSTMODEL-END
# COSTMODEL-BEGIN handler
	call	sys_fork
# COSTMODEL-END
# COSTMODEL-BEGIN return
	ret	$0x30
# COSTMODEL-END
	.size	stub_fork, . - stub_fork
