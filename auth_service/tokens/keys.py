"""The signing keys: one PEM file each under KEY_DIR, made at first start. The newest signs; all of them verify."""

import os
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from jwt.algorithms import RSAAlgorithm


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: rsa.RSAPrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as JWKS lists it."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {
            **public,
            "kid": self.kid,
            "use": "sig",
            "alg": settings.TOKEN_ALGORITHM,
        }


def make_key() -> Path:
    """A new 2048-bit RSA key in KEY_DIR, readable by this user alone; from now on it signs."""
    folder = Path(settings.KEY_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{time.time_ns()}-{digest.finalize().hex()[:16]}.pem"
    handle, half_written = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    os.replace(half_written, path)
    return path


def ensure_key() -> None:
    """Make the first key where there is none. Two processes that start together may make two: the newer signs, both verify."""
    if not list(Path(settings.KEY_DIR).glob("*.pem")):
        make_key()


def all_keys() -> list[SigningKey]:
    """All keys, oldest first."""
    return [_load(path) for path in sorted(Path(settings.KEY_DIR).glob("*.pem"))]


@lru_cache(maxsize=64)
def _load(path: Path) -> SigningKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey), f"{path} is not an RSA key"
    return SigningKey(path.stem.partition("-")[2], private)


def signing_key() -> SigningKey:
    """The key that signs now."""
    return all_keys()[-1]


def public_key(kid: str) -> rsa.RSAPublicKey | None:
    for key in all_keys():
        if key.kid == kid:
            return key.private.public_key()
    return None


def health() -> str | None:
    return None if all_keys() else f"no signing key in KEY_DIR={settings.KEY_DIR}: run auth_service's migrate once"
