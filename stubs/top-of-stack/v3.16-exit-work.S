/* v3.16 with work found on the way to SYSRET (a signal): FIXUP, the signal
 * code, IRET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 120, partial frame stored, EDX = the work flags found.
 * exit-work (11 insns, 59 B) is the piece the table counts; signal is our
 * stand-in for what follows (RBX to R15 saved, one C call, loaded back),
 * slow-return as in the other paths.
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_SS        0x70
#define PART_RSP       0x68
#define PART_EFLAGS    0x60
#define PART_CS        0x58
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RCX       0x28
#define PART_RAX       0x20
#define PART_R8        0x18
#define PART_R9        0x10
#define PART_R10       0x08
#define PART_R11       0x00
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define INFO_FLAGS     0x10
#define INFO_STATUS    0x14
/* Constants; only their width matters to the counts. */
#define EXIT_WORK      0x1000feff
#define USER_CS        0x33
#define USER_SS        0x2b

	.text
	.globl	exit_work
	.type	exit_work, @function
exit_work:
# COSTMODEL-BEGIN exit-work
	sti
	bt	$7, %edx
	jc	audit_exit
	movq	%gs:old_rsp, %r11
	movq	%r11, PART_RSP(%rsp)
	movq	$USER_SS, PART_SS(%rsp)
	movq	$USER_CS, PART_CS(%rsp)
	movq	$-1, PART_RCX(%rsp)
	movq	PART_R11(%rsp), %r11
	movq	%r11, PART_EFLAGS(%rsp)
	jmp	deliver_signal
# COSTMODEL-END

audit_exit:
	ud2
	.skip	16, 0xcc

deliver_signal:
# COSTMODEL-BEGIN signal
	subq	$0x30, %rsp
	movq	%rbx, FULL_RBX(%rsp)
	movq	%rbp, FULL_RBP(%rsp)
	movq	%r12, FULL_R12(%rsp)
	movq	%r13, FULL_R13(%rsp)
	movq	%r14, FULL_R14(%rsp)
	movq	%r15, FULL_R15(%rsp)
	movq	%rsp, %rdi
	xorl	%esi, %esi
	call	do_notify_resume
	movq	FULL_R15(%rsp), %r15
	movq	FULL_R14(%rsp), %r14
	movq	FULL_R13(%rsp), %r13
	movq	FULL_R12(%rsp), %r12
	movq	FULL_RBP(%rsp), %rbp
	movq	FULL_RBX(%rsp), %rbx
	addq	$0x30, %rsp
# COSTMODEL-END
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
	.size	exit_work, . - exit_work
