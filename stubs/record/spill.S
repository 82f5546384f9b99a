/* A small function that saves six callee-saved registers. */
	.text
	.globl	path
	.type	path, @function
path:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%gs:current, %rax
	movl	0x40(%rax), %eax
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	path, . - path
