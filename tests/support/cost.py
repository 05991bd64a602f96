"""What processes cost, by what the kernel says of them."""

import os
import pathlib


def cpu_seconds(pid):
    """CPU time of a process so far, of all its threads."""
    return sum(_times(pid)[:2])


def cpu_seconds_of_children(pid):
    """That of its children that ended, and of theirs."""
    return sum(_times(pid)[2:])


def _times(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return [int(text) / os.sysconf("SC_CLK_TCK") for text in fields[11:15]]
