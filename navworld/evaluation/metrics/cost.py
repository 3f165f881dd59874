"""What a model costs: parameters, multiply-adds, latency, memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Latency:
    """How long a call takes [s]: its median and what one in twenty exceeds."""

    p50: float
    p95: float
    calls: int


def parameters(model: nn.Module, *, trainable: bool = False) -> int:
    """Numbers that a model has learned, shared ones once; only those that learn if asked."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable)


def multiply_adds(call: Callable[[], Any]) -> int:
    """Multiply-adds of matrix products, convolutions and attention in one call of torch code.

    Sums of other operations (norms, activations) are not counted, as papers do not. Recurrent
    layers are counted by their matrix products.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    mkldnn, mha = torch.backends.mkldnn, torch.backends.mha
    fused = mkldnn.enabled, mha.get_fastpath_enabled()
    try:
        # The counter does not look into fused recurrent and attention layers.
        mkldnn.enabled = False  # type: ignore[assignment]
        mha.set_fastpath_enabled(False)
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
            call()
    finally:
        mkldnn.enabled = fused[0]
        mha.set_fastpath_enabled(fused[1])
    return counter.get_total_flops() // 2


def latency(
    call: Callable[[], Any], *, calls: int = 50, warmup: int = 5, synchronize: bool = False
) -> Latency:
    """Times a call, one by one.

    Args:
        warmup: Calls before, not counted.
        synchronize: Wait for the accelerator before and after every call.
    """
    if calls < 1:
        raise ValueError(f"calls={calls!r}: expected a positive number")
    wait = _synchronize if synchronize else _nothing
    seconds = np.empty(calls)
    for k in range(-warmup, calls):
        wait()
        start = time.perf_counter()
        call()
        wait()
        seconds[max(k, 0)] = time.perf_counter() - start
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    return Latency(float(p50), float(p95), calls)


def peak_memory(call: Callable[[], Any]) -> int:
    """Memory that a call needs at its peak, beyond what the process held before [bytes].

    On an accelerator that torch has begun to use, that of its allocator; otherwise resident
    memory as Linux counts it. Memory that earlier calls have freed but the process still holds
    is used again unseen: measure in a fresh process to compare models.
    """
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return int(torch.cuda.max_memory_allocated() - before)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    call()
    return max(0, _resident("VmHWM") - before)


def _resident(field: str) -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        raise ValueError("peak memory is read from /proc, which only Linux has")
    for line in status.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    raise ValueError(f"/proc/self/status has no {field}: peak memory cannot be read here")


def _synchronize() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _nothing() -> None:
    pass
