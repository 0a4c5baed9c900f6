"""What a worker says of its machine when the system page asks: a command of Celery's remote control."""

import shutil
import subprocess
from typing import Any

from celery.worker.control import inspect_command
from django.conf import settings

MACHINE = "machine"
"""The command's name."""
ASKED_OF_GPU = "name,memory.used,memory.total,utilization.gpu"
ANSWER_WITHIN_SECONDS = 5


@inspect_command(name=MACHINE)
def machine(state: Any, **_: Any) -> dict[str, Any]:
    """Return a worker's queues, its device of trainings, the GPUs of its machine, and the bytes free for files."""
    return {
        "queues": sorted(queue.name for queue in state.consumer.task_consumer.queues),
        "device": settings.TRAINING_DEVICE,
        "gpus": gpus(),
        "free": shutil.disk_usage(settings.VAR_ROOT).free,
    }


def gpus() -> list[str]:
    """Return a line for each NVIDIA GPU of this machine: name, memory used and in all, load; none without driver."""
    asked = ["nvidia-smi", f"--query-gpu={ASKED_OF_GPU}", "--format=csv,noheader"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=ANSWER_WITHIN_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [" · ".join(part.strip() for part in line.split(",")) for line in said.splitlines() if line.strip()]
