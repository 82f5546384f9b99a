/* RESTORE by itself: user RSP and flags from their slots to where the fast
 * exit looks.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * RSP = T - 168. Part: restore (4 insns, 30 B); the RET only ends the path.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_R11       0x30

	.text
	.globl	restore_top_of_stack
	.type	restore_top_of_stack, @function
restore_top_of_stack:
# COSTMODEL-BEGIN restore
	movq	FULL_RSP(%rsp), %r11
	movq	%r11, %gs:old_rsp
	movq	FULL_EFLAGS(%rsp), %r11
	movq	%r11, FULL_R11(%rsp)
# COSTMODEL-END
	ret
	.size	restore_top_of_stack, . - restore_top_of_stack
