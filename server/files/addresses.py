"""The addresses of the bytes of kept files."""

from __future__ import annotations

from typing import Final

MEDIA: Final = "application/octet-stream"
PIECE_OF: Final = "/v1/orders/{order}/files/{object}/pieces/{piece}"
CONTENT: Final = "/v1/orders/{order}/files/{object}/content"
