"""Small corpora for tests."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path


def make_corpus(directory: Path, train: bytes, validation: bytes, shard: int = 1000) -> Path:
    """A corpus in the format that ``superfactory data prepare`` writes."""
    directory.mkdir(parents=True, exist_ok=True)
    index = {"format": 1, "name": "test", "vocabulary": "bytes", "documents": 2, "sha256": "0" * 64}
    for part, text in (("train", train), ("validation", validation)):
        shards = []
        for number, start in enumerate(range(0, len(text), shard)):
            piece, name = text[start:start + shard], f"{part}-{number:05}.bin"
            (directory / name).write_bytes(piece)
            shards.append({"file": name, "tokens": len(piece), "sha256": hashlib.sha256(piece).hexdigest()})
        index[part] = {"shards": shards, "tokens": len(text)}
    (directory / "index.json").write_text(json.dumps(index))
    return directory


PROSE = b"The quick brown fox jumps over the lazy dog, and the dog does not mind it at all. " * 60
