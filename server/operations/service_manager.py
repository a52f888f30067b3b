"""Report to the service manager (systemd): sd_notify(3), one datagram for each message."""

from __future__ import annotations

import logging
import os
from socket import AF_UNIX, SOCK_DGRAM, socket
from typing import Final

logger = logging.getLogger(__name__)

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"


def notify(state: str) -> None:
    """Send a state to the socket that NOTIFY_SOCKET names; without one do nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket(AF_UNIX, SOCK_DGRAM) as manager:
            manager.connect("\0" + address[1:] if address.startswith("@") else address)
            manager.send(state.encode())
    except OSError as fault:  # the server goes on: the manager acts if it hears nothing
        logger.warning("the service manager is not reached: %s", fault.strerror)
