#!/usr/bin/env python3
"""sdjwt_check.py PUBLIC.json DISCLOSURES.txt: an entry's `public` member as claims of an SD-JWT.

PyPI sd-jwt verifies it and prints, as JSON, the claims that it opened: RFC 9901's rule for digests by somebody else. An
entry is no JWT, so the token around the claims is made and signed here with a throw-away key.
"""

import json
import sys
from pathlib import Path

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

claims = json.loads(Path(sys.argv[1]).read_bytes()) | {"iss": "ledger.example", "_sd_alg": "sha-256"}
disclosures = Path(sys.argv[2]).read_text(encoding="ascii").split()
key = JWK.generate(kty="OKP", crv="Ed25519")
token = JWS(json.dumps(claims))
token.add_signature(key, alg="EdDSA", protected=json.dumps({"alg": "EdDSA", "typ": "example+sd-jwt"}))
presentation = "~".join([token.serialize(compact=True), *disclosures, ""])
opened = SDJWTVerifier(presentation, lambda issuer, header: JWK.from_json(key.export_public())).get_verified_payload()
del opened["iss"]
print(json.dumps(opened, sort_keys=True))
