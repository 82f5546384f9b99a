/* A system call whose number is none, on a kernel without mitigations: SYSCALL, 105
 * ordinary instructions of entry, dispatch and exit, SYSRET. What the C code does is a
 * stand-in of the same length: it saves and checks, finds the number too large, and
 * stores the error. Interrupts are allowed in between, as kernels do.
 */
#define SCRATCH		%gs:0x6014
#define STACK		%gs:0x6004
#define TASK		%gs:0x1ad00

	.text
	.globl	failing_call
	.type	failing_call, @function
failing_call:
	swapgs
	movq	%rsp, SCRATCH
	movq	STACK, %rsp
	pushq	$0x2b
	pushq	SCRATCH
	pushq	%r11
	pushq	$0x33
	pushq	%rcx
	pushq	%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	$-38
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%ecx, %ecx
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	movq	%rax, %rdi
	movq	%rsp, %rsi
	/* the dispatcher */
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%r12
	pushq	%rbx
	movq	%rdi, %r12
	movq	%rsi, %rbx
	sti
	movq	TASK, %rax
	movq	(%rax), %rdx
	testl	$0x10000081, %edx
	jne	.Lwork
	cmpq	$441, %r12
	ja	.Lnone
.Lnone:
	movq	TASK, %rdi
	cli
	movq	(%rdi), %rsi
	movl	%esi, %eax
	testl	$0x2000403e, %eax
	jne	.Lwork
	andl	$-9, 4(%rdi)
	testl	$0x4000, %esi
	jne	.Lwork
	popq	%rbx
	popq	%r12
	popq	%rbp
	/* may it leave by SYSRET? */
	movq	88(%rsp), %rcx
	movq	128(%rsp), %r11
	cmpq	%rcx, %r11
	jne	.Lwork
	shlq	$16, %rcx
	sarq	$16, %rcx
	cmpq	%rcx, %r11
	jne	.Lwork
	cmpq	$0x33, 136(%rsp)
	jne	.Lwork
	movq	48(%rsp), %r11
	cmpq	%r11, 144(%rsp)
	jne	.Lwork
	testq	$0x10100, %r11
	jne	.Lwork
	cmpq	$0x2b, 160(%rsp)
	jne	.Lwork
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%rsi
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rsi
	popq	%rdx
	popq	%rsi
	movq	%rsp, %rdi
	movq	STACK, %rsp
	pushq	40(%rdi)
	pushq	(%rdi)
	popq	%rdi
	popq	%rsp
	swapgs
	sysretq
.Lwork:
	ud2
	.size	failing_call, . - failing_call
