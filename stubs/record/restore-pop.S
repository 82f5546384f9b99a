/* A whole frame restored by POP, and RSP moved past ORIG_RAX. */
	.text
	.globl	path
	.type	path, @function
path:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp
	.size	path, . - path
