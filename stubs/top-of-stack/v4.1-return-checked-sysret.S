/* v4.1 slow return, no work pending: SYSRET where fourteen checks allow it.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 168, full frame, every slot valid. kernel_stack holds
 * T. The canonical check shifts RCX away, so RCX is loaded again with the
 * other registers.
 * Parts: work-check, checks (14 insns, 67 B), return.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_SS        0xa0
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_CS        0x88
#define FULL_RIP       0x80
#define FULL_RDI       0x70
#define FULL_RSI       0x68
#define FULL_RDX       0x60
#define FULL_RCX       0x58
#define FULL_RAX       0x50
#define FULL_R8        0x48
#define FULL_R9        0x40
#define FULL_R10       0x38
#define FULL_R11       0x30
/* thread_info, at the bottom of the same 16 KiB stack. */
#define INFO_FLAGS     0x10
#define INFO_STATUS    0x14
/* Constants; only their width matters to the counts. */
#define EXIT_WORK      0x1000feff
#define SINGLE_STEP_OR_RESUME 0x10100
#define USER_CS        0x33
#define USER_SS        0x2b

	.text
	.globl	slow_return
	.type	slow_return, @function
slow_return:
# COSTMODEL-BEGIN work-check
	cli
	movl	$EXIT_WORK, %edi
	movq	%gs:kernel_stack, %rcx
	subq	$0x4000, %rcx
	movl	INFO_FLAGS(%rcx), %edx
	andl	%edi, %edx
	jnz	slow_work
	andl	$~2, INFO_STATUS(%rcx)
# COSTMODEL-END
# COSTMODEL-BEGIN checks
	movq	FULL_RCX(%rsp), %rcx
	cmpq	%rcx, FULL_RIP(%rsp)
	jne	leave_by_iret
	shrq	$47, %rcx
	jnz	leave_by_iret
	cmpq	$USER_CS, FULL_CS(%rsp)
	jne	leave_by_iret
	movq	FULL_R11(%rsp), %r11
	cmpq	%r11, FULL_EFLAGS(%rsp)
	jne	leave_by_iret
	testq	$SINGLE_STEP_OR_RESUME, %r11
	jnz	leave_by_iret
	cmpq	$USER_SS, FULL_SS(%rsp)
	jne	leave_by_iret
# COSTMODEL-END
# COSTMODEL-BEGIN return
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RAX(%rsp), %rax
	movq	FULL_RCX(%rsp), %rcx
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	movq	FULL_RSP(%rsp), %rsp
	swapgs
	sysretq
# COSTMODEL-END

slow_work:
	ud2
leave_by_iret:
	ud2
	.size	slow_return, . - slow_return
