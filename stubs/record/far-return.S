/* Far return alone. */
	.text
	.globl	path
	.type	path, @function
path:
	lretq
	.size	path, . - path
