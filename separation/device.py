"""The name of a device, checked, and Fabric on it: alone, or as one of the processes that torchrun started."""

import os
import platform
from typing import Any

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


def described(device: str) -> str:
    """Return a device with its name, for people who compare how fast trainings went.

    >>> described("cpu").startswith("cpu · ")
    True
    """
    kind, number = parse(device)
    name = torch.cuda.get_device_name(number) if kind == "cuda" else f"{platform.machine()}, {os.cpu_count()} cores"
    return f"{device} · {name}"


def mixed(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which a network computes: for `bf16-mixed` its convolutions, and nothing else, in bf16.

    Fabric's own would also round what goes in, and the vocals are what the network leaves of it.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed")


def fabric(device: str) -> Any:
    """Return Fabric on one device, or on all that `torchrun` started processes for; `BadInput` if not installed."""
    try:
        from lightning_fabric import Fabric
        from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
    except ModuleNotFoundError:
        raise BadInput("training needs lightning-fabric; pip install 'hearback[train]' adds it") from None
    kind, number = parse(device)
    if not TorchElasticEnvironment.detect():
        return Fabric(accelerator=kind, devices=1 if kind == "cpu" else [number])
    processes = TorchElasticEnvironment().world_size()
    here = processes if kind == "cpu" else min(processes, torch.cuda.device_count())
    several = Fabric(accelerator=kind, devices=here, num_nodes=processes // here, strategy="ddp")
    several.launch()
    return several
