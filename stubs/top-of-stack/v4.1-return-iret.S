/* v4.1 slow return, no work pending, by IRET without trying SYSRET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. The
 * counterpart of v4.1-return-checked-sysret.S: the same frame, the same work
 * check.
 * Parts: work-check, return.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
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
# COSTMODEL-BEGIN return
	swapgs
	movq	FULL_R11(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RAX(%rsp), %rax
	movq	FULL_RCX(%rsp), %rcx
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	subq	$-0x80, %rsp
	testb	$4, 0x20(%rsp)
	jnz	small_stack_segment
	iretq
# COSTMODEL-END

slow_work:
	ud2
small_stack_segment:
	ud2
	.size	slow_return, . - slow_return
