#!/usr/bin/env python3
"""dsse_check.py ENVELOPE.json ED25519-PUBLIC-KEY-HEX PAYLOAD-TYPE: check an envelope with securesystemslib[crypto]."""

import hashlib
import json
import sys
from pathlib import Path

from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

file, public, payload_type = sys.argv[1:]
envelope = Envelope.from_dict(json.loads(Path(file).read_bytes()))
keyid = hashlib.sha256(bytes.fromhex(public)).hexdigest()
envelope.verify([SSlibKey(keyid, "ed25519", "ed25519", {"public": public})], 1)
if envelope.payload_type != payload_type:
    sys.exit(f"FAIL: payload type {envelope.payload_type!r}")
print("agrees: keyid", keyid, "payload", envelope.payload.decode())
