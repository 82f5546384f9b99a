/* v3.16 slow return by itself: no work pending, leaves by IRET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 120, partial frame, every slot valid. kernel_stack
 * holds T - 40.
 * Part: slow-return (26 insns, 100 B).
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RCX       0x28
#define PART_RAX       0x20
#define PART_R8        0x18
#define PART_R9        0x10
#define PART_R10       0x08
#define PART_R11       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define INFO_FLAGS     0x10
#define INFO_STATUS    0x14
/* Constants; only their width matters to the counts. */
#define EXIT_WORK      0x1000feff

	.text
	.globl	slow_return
	.type	slow_return, @function
slow_return:
# COSTMODEL-BEGIN slow-return
	cli
	movl	$EXIT_WORK, %edi
	movq	%gs:kernel_stack, %rcx
	subq	$0x3fd8, %rcx
	movl	INFO_FLAGS(%rcx), %edx
	andl	%edi, %edx
	jnz	slow_work
	andl	$~2, INFO_STATUS(%rcx)
	jmp	return_common

slow_work:
	ud2
	.skip	16, 0xcc

return_common:
	cli
	swapgs
	jmp	restore_caller_saved

	.skip	16, 0xcc

restore_caller_saved:
	movq	PART_R11(%rsp), %r11
	movq	PART_R10(%rsp), %r10
	movq	PART_R9(%rsp), %r9
	movq	PART_R8(%rsp), %r8
	movq	PART_RAX(%rsp), %rax
	movq	PART_RCX(%rsp), %rcx
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	addq	$0x50, %rsp
	jmp	leave_by_iret

small_stack_segment:
	ud2
	.skip	16, 0xcc

leave_by_iret:
	testb	$4, 0x20(%rsp)
	jnz	small_stack_segment
	iretq
# COSTMODEL-END
	.size	slow_return, . - slow_return
