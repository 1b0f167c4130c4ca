"""Processes that end with the test that started them, however it ends.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PARENT = os.getppid()


def die_with_parent():
    """SIGKILL when the parent ends; exec keeps it, a change of privileges does not."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != PARENT:
        sys.exit("the parent is gone")
