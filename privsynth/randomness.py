"""One root seed, labelled children: the only place in the package that makes a generator."""

import hashlib
import secrets

import numpy as np

MAX_SEED = 2**63 - 1


def fresh_seed() -> int:
    """Return an unpredictable root seed, for runs where the user named none."""
    return secrets.randbelow(MAX_SEED)


def generator(seed: int, *label: str | int) -> np.random.Generator:
    """Return the generator that belongs to ``label`` under ``seed``.

    The same seed and label give the same stream whatever else was drawn before; different labels
    give independent streams (``SeedSequence`` with a spawn key hashed from the label).
    """
    text = "\x1f".join(str(part) for part in label).encode()
    words = np.frombuffer(hashlib.sha256(text).digest()[:16], dtype="<u4")
    sequence = np.random.SeedSequence(seed, spawn_key=tuple(int(word) for word in words))
    return np.random.default_rng(sequence)


def integer_seed(rng: np.random.Generator, bits: int = 31) -> int:
    """Return a seed for a library that takes an integer, in ``[0, 2**bits)``."""
    return int(rng.integers(0, 2**bits))
