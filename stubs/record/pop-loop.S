/* push rbx; pop: run as a loop. */
	.text
	.globl	path
	.type	path, @function
path:
	pushq	%rbx
	popq	%rbx
	.size	path, . - path
