/* SWAPGS alone. */
	.text
	.globl	path
	.type	path, @function
path:
	swapgs
	.size	path, . - path
