/* v3.16, 32-bit program by int 0x80: entry, handler, IRET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. The CPU has
 * pushed SS to RIP: RSP = T - 40. ORIG_RAX is pushed, five registers stored,
 * and R8 to R11 are zeroed in the frame before the slow return. The two
 * branches of the entry are near ones: their targets lie in other code.
 * Parts: entry (22 insns, 93 B), exit (6 insns, 26 B), slow-return (26
 * insns, 100 B).
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
#define PART_FLAGS     -0x3f78
#define PART_STATUS    -0x3f74
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL_32   353

	.text
	.globl	compat_int80
	.type	compat_int80, @function
compat_int80:
# COSTMODEL-BEGIN entry
	swapgs
	sti
	movl	%eax, %eax
	pushq	%rax
	cld
	subq	$0x48, %rsp
	movq	%rdi, PART_RDI(%rsp)
	movq	%rsi, PART_RSI(%rsp)
	movq	%rdx, PART_RDX(%rsp)
	movq	%rcx, PART_RCX(%rsp)
	movq	%rax, PART_RAX(%rsp)
	orl	$2, PART_STATUS(%rsp)
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	ia32_tracesys
	cmpq	$LAST_CALL_32, %rax
	ja	ia32_badsys
	movl	%edi, %r8d
	movl	%ebp, %r9d
	xchgl	%ecx, %esi
	movl	%ebx, %edi
	movl	%edx, %edx
	call	*ia32_sys_call_table(,%rax,8)
# COSTMODEL-END
# COSTMODEL-BEGIN exit
	movq	%rax, PART_RAX(%rsp)
	xorl	%eax, %eax
	movq	%rax, PART_R11(%rsp)
	movq	%rax, PART_R10(%rsp)
	movq	%rax, PART_R9(%rsp)
	movq	%rax, PART_R8(%rsp)
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
	.size	compat_int80, . - compat_int80
