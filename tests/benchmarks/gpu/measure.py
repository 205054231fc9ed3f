"""Measure one accelerator: matrix products, memory, decode and prefill blocks of random weights,
board power in each.

    python tests/benchmarks/gpu/measure.py --output rows.csv            on a CUDA device
    python tests/benchmarks/gpu/measure.py --device cpu --quick         the same path without one

Needs torch, which the package itself does not. Each row says what was run, how long it took
(median, tenth and ninetieth percentile over repetitions), what that is per second, and the board's
power while it ran, read through NVML. A row that could not be measured keeps blanks and a reason;
nothing is filled in. Rows of a CPU carry no power and are for testing.
"""

import argparse
import csv
import datetime
import statistics
import subprocess
import sys
import threading
import time

COLUMNS = [
    "device",
    "driver",
    "torch",
    "date",
    "phase",
    "precision",
    "shape",
    "repeats",
    "median_s",
    "p10_s",
    "p90_s",
    "flop_per_s_per_chip",
    "bytes_per_s_per_chip",
    "board_w_per_chip",
    "board_w_p10",
    "board_w_p90",
    "power_w_per_chip",
    "power_samples",
    "boundary",
    "reason",
]
NO_ACCELERATOR = (
    "No CUDA accelerator was found, so nothing was measured. "
    "To try the path on a processor: --device cpu --quick"
)
NO_TORCH = (
    "torch is not installed; install it beside the project (pip install torch), "
    "it is not one of its dependencies"
)


class Board:
    """Power of one board, sampled in the background: pynvml where it is installed, else nvidia-smi,
    else nothing.
    """

    def __init__(self, index, every_s=0.05):
        self.index, self.every_s, self.samples, self._stop = index, every_s, [], threading.Event()
        self.read, self.limit_w, self.driver = self._open()

    def _open(self):
        if self.index is None:
            return None, None, "none"
        try:
            import pynvml
        except ImportError:
            limit, driver = self._ask("power.limit,driver_version").split(", ")
            return (lambda: float(self._ask("power.draw"))), float(limit), driver
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(self.index)
        limit_w = pynvml.nvmlDeviceGetPowerManagementLimit(handle) / 1000
        return (
            (lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000),
            limit_w,
            str(pynvml.nvmlSystemGetDriverVersion()),
        )

    def _ask(self, field):
        asked = [
            "nvidia-smi",
            f"--id={self.index}",
            f"--query-gpu={field}",
            "--format=csv,noheader,nounits",
        ]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    def _watch(self):
        while not self._stop.wait(self.every_s):
            self.samples.append(self.read())

    def __enter__(self):
        self.samples, self._stop = [], threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True) if self.read else None
        if self.thread:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        if self.thread:
            self.thread.join()

    def row(self):
        """Mean and spread of the samples; the first third is left out, while power still climbs."""
        kept = self.samples[len(self.samples) // 3 :]
        if len(kept) < 3:
            return {"power_w_per_chip": self.limit_w, "power_samples": len(kept)}
        low, _, high = spread(kept)
        told = {"board_w_per_chip": statistics.fmean(kept), "board_w_p10": low, "board_w_p90": high}
        return told | {
            "power_w_per_chip": self.limit_w,
            "power_samples": len(kept),
            "boundary": "board",
        }


def spread(values):
    """Tenth percentile, median, ninetieth percentile."""
    ordered = sorted(values)

    def at(share):
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]

    return at(0.1), statistics.median(ordered), at(0.9)


def timed(run, sync, seconds):
    """Times of repeated runs over at least `seconds`, after a warm-up; a batch of runs between two
    synchronisations.
    """
    for _ in range(3):
        run()
    sync()
    start = time.perf_counter()
    run()
    sync()
    batch = max(1, round(0.02 / max(time.perf_counter() - start, 1e-6)))
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        for _ in range(batch):
            run()
        sync()
        times.append((time.perf_counter() - start) / batch)
    return times


def matmul(torch, device, precision, m, n, k):
    """A product of an (m, k) and a (k, n) matrix: what to run, its operations and the bytes that it
    must move.
    """
    if precision == "fp8":
        a = torch.randn(m, k, device=device).to(torch.float8_e4m3fn)
        b = torch.randn(n, k, device=device).to(torch.float8_e4m3fn).t()
        one = torch.ones((), device=device)
        return (
            (lambda: torch._scaled_mm(a, b, one, one, out_dtype=torch.bfloat16)),
            2 * m * n * k,
            m * k + k * n + 2 * m * n,
        )
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]
    a, b = (
        torch.randn(m, k, device=device, dtype=dtype),
        torch.randn(k, n, device=device, dtype=dtype),
    )
    return (lambda: a @ b), 2 * m * n * k, (m * k + k * n + m * n) * a.element_size()


def block(
    torch, device, precision, tokens, requests, context, width=4096, heads=32, kv_heads=8, ffn=14336
):
    """One transformer block with random weights: `tokens` new tokens of each request over `context`
    cached ones.
    """
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]
    head = width // heads

    def make(*shape):
        return torch.randn(*shape, device=device, dtype=dtype) * 0.02

    query, key, out = make(width, width), make(width, 2 * kv_heads * head), make(width, width)
    gate, down = make(width, 2 * ffn), make(ffn, width)
    hidden = make(requests, tokens, width)
    cache = make(2, requests, kv_heads, context + tokens, head)

    def run():
        queries = (hidden @ query).view(requests, tokens, heads, head).transpose(1, 2)
        fresh = (hidden @ key).view(requests, tokens, 2, kv_heads, head).permute(2, 0, 3, 1, 4)
        cache[:, :, :, context:] = fresh
        keys, values = (part.repeat_interleave(heads // kv_heads, dim=1) for part in cache)
        attended = torch.nn.functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=tokens > 1
        )
        mixed = hidden + attended.transpose(1, 2).reshape(requests, tokens, width) @ out
        left, right = (mixed @ gate).chunk(2, dim=-1)
        return mixed + (torch.nn.functional.silu(left) * right) @ down

    weights = sum(part.numel() for part in (query, key, out, gate, down))
    pairs = requests * tokens * (context + (tokens + 1) / 2)
    flop = 2 * weights * requests * tokens + 4 * pairs * width
    return run, flop, (weights + cache.numel()) * hidden.element_size()


def copy(torch, device, octets):
    """A copy in device memory, which reads and writes each byte once."""
    source = torch.empty(octets, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return (lambda: target.copy_(source)), 0, 2 * octets


def cases(torch, device, quick, precisions):
    """Phase, precision, shape and what to run, one after another so that memory of one is free for
    the next.
    """
    yield "memory", "bytes", "copy", lambda: copy(torch, device, 2**24 if quick else 2**32)
    layers = ((4096, 4096), (28672, 4096), (8192, 28672))
    sizes = [(rows, n, k) for rows in (1, 16, 64, 256, 1024, 4096, 8192) for n, k in layers]
    sizes = [(256, 256, 256)] if quick else sizes
    for precision in precisions:
        for m, n, k in sizes:
            yield (
                "gemm",
                precision,
                f"{m}x{n}x{k}",
                lambda p=precision, s=(m, n, k): matmul(torch, device, p, *s),
            )
    small = {"width": 256, "heads": 8, "kv_heads": 2, "ffn": 512} if quick else {}
    dtype = "fp32" if device == "cpu" else "bf16"
    for requests, context in (
        [(2, 64)] if quick else [(1, 2048), (16, 2048), (64, 2048), (256, 2048), (64, 16384)]
    ):
        shape = f"requests {requests}, context {context}"
        yield (
            "decode",
            dtype,
            shape,
            lambda r=requests, c=context: block(torch, device, dtype, 1, r, c, **small),
        )
    for tokens in [64] if quick else [1024, 8192]:
        yield (
            "prefill",
            dtype,
            f"prompt {tokens}",
            lambda t=tokens: block(torch, device, dtype, t, 1, 0, **small),
        )


def measured(torch, device, seconds, quick, board):
    """A row for each case; a case that the device or library refuses gives its reason instead of
    numbers.
    """
    cuda = device != "cpu"
    name = torch.cuda.get_device_name() if cuda else "cpu"
    same = {
        "device": name,
        "driver": board.driver,
        "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
    }
    sync = torch.cuda.synchronize if cuda else lambda: None
    with board:
        time.sleep(0 if quick else seconds)
    yield same | {"phase": "idle", "shape": "context created, nothing running"} | board.row()
    for phase, precision, shape, make in cases(
        torch, device, quick, ["bf16", "fp8"] if cuda else ["fp32"]
    ):
        row = same | {"phase": phase, "precision": precision, "shape": shape}
        try:
            run, flop, octets = make()
            with board, torch.inference_mode():
                times = timed(run, sync, seconds)
        except (RuntimeError, NotImplementedError, AttributeError) as fault:
            yield row | {"reason": str(fault).splitlines()[0]}
            continue
        low, middle, high = spread(times)
        per_s = {
            "flop_per_s_per_chip": flop / middle or None,
            "bytes_per_s_per_chip": octets / middle,
        }
        yield (
            row
            | {"repeats": len(times), "median_s": middle, "p10_s": low, "p90_s": high}
            | per_s
            | board.row()
        )


def main(argv=None):
    """Write the rows; exit status 2 with a sentence where there is no torch or no accelerator."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--output", type=argparse.FileType("w"), default=sys.stdout)
    asked.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    asked.add_argument("--seconds", type=float, default=3.0, help="how long each case runs")
    asked.add_argument(
        "--quick", action="store_true", help="tiny shapes, to see that the path works"
    )
    told = asked.parse_args(argv)
    try:
        import torch
    except ImportError:
        print(NO_TORCH, file=sys.stderr)
        return 2
    if told.device == "cuda" and not torch.cuda.is_available():
        print(NO_ACCELERATOR, file=sys.stderr)
        return 2
    board = Board(None if told.device == "cpu" else torch.cuda.current_device())
    rows = csv.DictWriter(told.output, COLUMNS, lineterminator="\n")
    rows.writeheader()
    seconds = 0.05 if told.quick else told.seconds
    for row in measured(torch, told.device, seconds, told.quick, board):
        rows.writerow(row)
        told.output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
