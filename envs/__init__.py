"""Gymnasium environments, their tasks and benchmarks."""
