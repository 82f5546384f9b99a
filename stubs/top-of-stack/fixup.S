/* FIXUP by itself: completes a full v3.16 frame at RSP from old_rsp and the
 * R11 slot.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * RSP = T - 168. Part: fixup (7 insns, 63 B); the RET only ends the path.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_SS        0xa0
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_CS        0x88
#define FULL_RCX       0x58
#define FULL_R11       0x30
/* Constants; only their width matters to the counts. */
#define USER_CS        0x33
#define USER_SS        0x2b

	.text
	.globl	fixup_top_of_stack
	.type	fixup_top_of_stack, @function
fixup_top_of_stack:
# COSTMODEL-BEGIN fixup
	movq	%gs:old_rsp, %r11
	movq	%r11, FULL_RSP(%rsp)
	movq	$USER_SS, FULL_SS(%rsp)
	movq	$USER_CS, FULL_CS(%rsp)
	movq	$-1, FULL_RCX(%rsp)
	movq	FULL_R11(%rsp), %r11
	movq	%r11, FULL_EFLAGS(%rsp)
# COSTMODEL-END
	ret
	.size	fixup_top_of_stack, . - fixup_top_of_stack
