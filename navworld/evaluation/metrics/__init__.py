"""Every metric once: pure functions of arrays, one family per module."""
