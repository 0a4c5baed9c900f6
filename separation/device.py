"""The name of a device, checked."""

import torch

from lossmodel.errors import BadInput


def parse(device: str) -> tuple[str, int]:
    """Return kind and number of `cpu`, `cuda` or `cuda:<number>`; `BadInput` for one that is not here.

    >>> parse("cpu")
    ('cpu', 0)
    """
    kind, _, number = device.partition(":")
    if kind not in {"cpu", "cuda"} or (number and not number.isdigit()):
        raise BadInput(f"device {device}: unknown; give cpu, cuda or cuda:<number>")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise BadInput(f"device {device}: there are {torch.cuda.device_count()} CUDA devices here; give cpu")
    return kind, int(number or 0)
