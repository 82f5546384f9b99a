"""Questions asked of estimates: comparisons, validation, the thread's own study."""
