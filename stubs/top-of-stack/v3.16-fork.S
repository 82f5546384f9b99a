/* v3.16 clone, fork and vfork: the stub that the table's call reaches, to
 * its RET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 128 (the call's return address is where RBX belongs).
 * The return address is popped, RBX to R15 saved, the address pushed again:
 * full frame, 8 bytes above RSP.
 * Parts: save-rest, fixup, handler, restore, return; together 22 insns, 138
 * B.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_SS        0xa0
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_CS        0x88
#define FULL_RCX       0x58
#define FULL_R11       0x30
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00
/* Constants; only their width matters to the counts. */
#define USER_CS        0x33
#define USER_SS        0x2b

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
# COSTMODEL-BEGIN fixup
	movq	%gs:old_rsp, %r11
	movq	%r11, 8+FULL_RSP(%rsp)
	movq	$USER_SS, 8+FULL_SS(%rsp)
	movq	$USER_CS, 8+FULL_CS(%rsp)
	movq	$-1, 8+FULL_RCX(%rsp)
	movq	8+FULL_R11(%rsp), %r11
	movq	%r11, 8+FULL_EFLAGS(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN handler
	call	sys_fork
# COSTMODEL-END
# COSTMODEL-BEGIN restore
	movq	8+FULL_RSP(%rsp), %r11
	movq	%r11, %gs:old_rsp
	movq	8+FULL_EFLAGS(%rsp), %r11
	movq	%r11, 8+FULL_R11(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN return
	ret	$0x30
# COSTMODEL-END
	.size	stub_fork, . - stub_fork
