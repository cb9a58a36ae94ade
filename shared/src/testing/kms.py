"""Runs moto's server with a KMS that signs digests: `kms.py OPTIONS`, with the options of `moto_server`.

moto signs every message as if it were no digest, and so hashes a digest once more.
"""

import sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey
from moto.server import main

sign = KmsResponse.sign


def sign_digest(response):
    if response._get_param("MessageType") != "DIGEST":
        raise JsonRESTError("ValidationException", "this KMS signs only digests")
    return sign(response)


KmsResponse.sign = sign_digest
ECDSAPrivateKey.sign = lambda key, digest, _: key.private_key.sign(digest, ec.ECDSA(Prehashed(SHA256())))
main(sys.argv[1:])
