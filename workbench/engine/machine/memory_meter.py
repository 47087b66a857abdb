"""How much memory some work takes at most, on a GPU or in the machine's memory."""

import torch

from workbench.core.network.memory import give_back


class MemoryMeter:
    """Measures from when it is made. In the machine's memory, what other threads take meanwhile counts too.

    Args:
        device: whose memory the work takes.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._is_cuda = device.type == "cuda"
        if self._is_cuda:
            self._before = torch.cuda.memory_allocated(device)
        else:
            # What was freed before would be taken again unseen.
            give_back()
            self._before = _resident().get("RssAnon", 0)
        self._older_peak = 0
        self.forget_peak()

    def forget_peak(self) -> None:
        """Look for the peak from now on."""
        if self._is_cuda:
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        try:
            with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
                # proc_pid_clear_refs(5): 5 resets VmHWM. Some containers do not allow it.
                file.write("5")
        except OSError:
            self._older_peak = _resident().get("VmHWM", 0)

    @property
    def bytes(self) -> int | None:
        """Most that was taken at once beyond what was in use at first; None where it cannot be measured."""
        if self._is_cuda:
            return torch.cuda.max_memory_allocated(self._device) - self._before
        resident = _resident()
        if self._device.type != "cpu" or resident.get("VmHWM", 0) <= self._older_peak:
            return None
        # Pages of files are code, read the first time that it runs.
        return max(0, resident["VmHWM"] - resident["RssFile"] - self._before)


def _resident() -> dict[str, int]:
    """Bytes of this process that are in memory, by the names of proc_pid_status(5); empty where there is none."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return {name: int(fields[name].split()[0]) * 1024 for name in ("VmHWM", "RssAnon", "RssFile")}
    except (OSError, KeyError, ValueError):
        return {}
