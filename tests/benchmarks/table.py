"""How benchmarks print: a Markdown table and the machine that it was measured on."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import torch


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print("\n| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def machine() -> str:
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    name = next((line.partition(":")[2].strip() for line in text.split("\n") if line.startswith("model name")), "")
    can = "AVX512-BF16" if "avx512_bf16" in text else "no AVX512-BF16"
    if torch.cuda.is_available():
        can = torch.cuda.get_device_name()
    return f"{name or platform.processor()}, {os.cpu_count()} cores, {can}, torch {torch.__version__}"
