"""The signing keys: one PEM file each under KEY_DIR, named by the instant it was made and its key id.

The files are the whole state, read anew at each use, so that every process sees a rotation at once and without a restart.
A new key is published from the moment it is there and signs only after SETTLE, when every service has had the time to fetch
it. The key before it verifies until the last token that it signed has expired; then `remove_spent_keys` removes it.
"""

import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from service_kit.auth import LEEWAY, SigningKeys

# Twice as long as the others keep what they fetched, so that one failed fetch does no harm.
SETTLE = timedelta(seconds=2 * SigningKeys.KEEP_SECONDS)


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: rsa.RSAPrivateKey
    path: Path

    @property
    def signs_from(self) -> datetime:
        return datetime.fromtimestamp(int(self.path.stem.partition("-")[0]) / 1e9, UTC) + SETTLE

    @cached_property
    def public(self) -> rsa.RSAPublicKey:
        return self.private.public_key()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as JWKS lists it."""
        public = RSAAlgorithm.to_jwk(self.public, as_dict=True)
        return {
            **public,
            "kid": self.kid,
            "use": "sig",
            "alg": settings.TOKEN_ALGORITHM,
        }


def store_key(private: rsa.RSAPrivateKey, *, kid: str, made_at: datetime | None = None) -> SigningKey:
    """Write the key into KEY_DIR, readable by this user alone."""
    folder = Path(settings.KEY_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made = time.time_ns() if made_at is None else int(made_at.timestamp() * 1e9)
    path = folder / f"{made:019}-{kid}.pem"
    handle, half_written = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    os.replace(half_written, path)
    return _load(path)


def make_key() -> SigningKey:
    """A new 2048-bit RSA key, whose id is the beginning of its public half's SHA-256."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public)
    return store_key(private, kid=digest.finalize().hex()[:16])


def ensure_key() -> None:
    """Make the first key where there is none. Two processes that start together may make two: that does no harm."""
    if not list(Path(settings.KEY_DIR).glob("*.pem")):
        make_key()


def all_keys() -> list[SigningKey]:
    """All keys, oldest first."""
    found = []
    for path in sorted(Path(settings.KEY_DIR).glob("*.pem")):
        try:
            found.append(_load(path))
        except FileNotFoundError:
            continue  # spent, and removed between the two looks
    return found


@lru_cache(maxsize=64)
def _load(path: Path) -> SigningKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey), f"{path} is not an RSA key"
    return SigningKey(path.stem.partition("-")[2], private, path)


def signing_key() -> SigningKey:
    """The key that signs now: the newest that has settled, else the first one ever made."""
    keys, now = all_keys(), timezone.now()
    return max((key for key in keys if key.signs_from <= now), key=lambda key: key.signs_from, default=keys[0])


def public_key(kid: str) -> rsa.RSAPublicKey | None:
    for key in all_keys():
        if key.kid == kid:
            return key.public
    return None


def remove_other_keys(kept: SigningKey) -> int:
    """Remove every key but this one, and with them the worth of every token that they signed; how many."""
    others = [key for key in all_keys() if key != kept]
    for key in others:
        key.path.unlink(missing_ok=True)
    return len(others)


def remove_spent_keys() -> int:
    """Remove keys whose last token has expired, counted from when the next key began to sign; how many."""
    longest = max(settings.ACCESS_TOKEN_LIFETIME, settings.REFRESH_TOKEN_LIFETIME) + LEEWAY
    spent = [key for key, successor in pairwise(all_keys()) if successor.signs_from + longest < timezone.now()]
    for key in spent:
        key.path.unlink(missing_ok=True)
    return len(spent)


def health() -> str | None:
    return None if all_keys() else f"no signing key in KEY_DIR={settings.KEY_DIR}: run auth_service's migrate once"
