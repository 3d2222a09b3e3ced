"""A corpus as ``superfactory data prepare`` writes it, memory-mapped."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple, Union

import numpy
import torch
from torch import Tensor

FORMAT = 1
"""The version of ``index.json`` that this module reads."""

_BLOCK_BYTES = 1024 * 1024


class CorpusError(Exception):
    """A corpus that is missing, cut short or of another format; the text names the file."""


class TokenFile:
    """The tokens of one part (train or validation) over all its shards, as if they were one array. Read-only."""

    def __init__(self, directory: Path, part: Dict[str, Any]) -> None:
        self._shards: List[numpy.ndarray] = []
        self._starts: List[int] = [0]
        self._files: List[Tuple[Path, str]] = []
        for shard in part["shards"]:
            path = directory / shard["file"]
            size = path.stat().st_size if path.is_file() else None
            if size != shard["tokens"]:
                found = "no such file" if size is None else f"{size} bytes"
                raise CorpusError(f"{path}: expected {shard['tokens']} tokens of one byte, found {found}; "
                                  "prepare the corpus again with `superfactory data prepare`")
            self._files.append((path, str(shard["sha256"])))
            if size:
                self._shards.append(numpy.memmap(path, dtype=numpy.uint8, mode="r"))
                self._starts.append(self._starts[-1] + size)

    def __len__(self) -> int:
        return self._starts[-1]

    def verify(self) -> None:
        """CorpusError where a shard's content is not what the index says, for one that changed under its hash."""
        for path, expected in self._files:
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                for block in iter(lambda: file.read(_BLOCK_BYTES), b""):
                    digest.update(block)
            if digest.hexdigest() != expected:
                raise CorpusError(f"{path}: its content changed under its hash: expected SHA-256 {expected[:12]}…, found "
                                  f"{digest.hexdigest()[:12]}…; prepare the corpus again with `superfactory data prepare`, or copy it from another site")

    def read(self, start: int, length: int) -> numpy.ndarray:
        """``length`` tokens from place ``start``, across shards where need be; IndexError outside."""
        if start < 0 or start + length > len(self):
            raise IndexError(f"tokens {start} to {start + length} of {len(self)}")
        pieces = []
        for shard, first in zip(self._shards, self._starts):
            low, high = max(start - first, 0), min(start + length - first, len(shard))
            if low < high:
                pieces.append(shard[low:high])
        return pieces[0] if len(pieces) == 1 else numpy.concatenate(pieces)


class Corpus(torch.utils.data.Dataset):
    """Samples of ``context + 1`` consecutive tokens: sample i starts at token ``i × context``.

    ``corpus[i]`` is an int64 tensor of ``context + 1`` token ids. Safe to read from several processes.
    """

    def __init__(self, directory: Union[str, Path], context: int) -> None:
        directory = Path(directory)
        index = _read_index(directory)
        self.context = context
        self.identity: str = index["sha256"]
        """SHA-256 over the corpus's content, in hexadecimal."""
        self._train = TokenFile(directory, index["train"])
        self._validation = TokenFile(directory, index["validation"])
        for part, tokens in (("train", self._train), ("validation", self._validation)):
            if len(tokens) <= context:
                raise CorpusError(f"{directory}: its {part} part has {len(tokens)} tokens, "
                                  f"fewer than one sample of {context + 1}; use more text or a smaller context")

    def __len__(self) -> int:
        return (len(self._train) - 1) // self.context

    def __getitem__(self, index: int) -> Tensor:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return torch.from_numpy(self._train.read(index * self.context, self.context + 1).astype(numpy.int64))

    def verify(self) -> None:
        """Reads every byte and compares it with the index's hashes; CorpusError names the shard that differs."""
        self._train.verify()
        self._validation.verify()

    def batch(self, indices: Sequence[int]) -> Tensor:
        """Several samples as one [samples, context + 1] tensor."""
        return torch.stack([self[index] for index in indices])

    def validation(self, samples: int) -> Tensor:
        """At most ``samples`` samples of the validation part, evenly spread over it and always the same."""
        available = (len(self._validation) - 1) // self.context
        chosen = numpy.linspace(0, available - 1, min(samples, available)).astype(numpy.int64)
        rows = [self._validation.read(int(index) * self.context, self.context + 1) for index in chosen]
        return torch.from_numpy(numpy.stack(rows).astype(numpy.int64))


def _read_index(directory: Path) -> Dict[str, Any]:
    path = directory / "index.json"
    try:
        index = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; prepare the corpus with `superfactory data prepare`") from None
    except ValueError as error:
        raise CorpusError(f"{path}: not JSON ({error}); prepare the corpus again") from None
    if index.get("format") != FORMAT or index.get("vocabulary") != "bytes":
        raise CorpusError(f"{path}: format {index.get('format')!r} with vocabulary {index.get('vocabulary')!r}: "
                          f"expected format {FORMAT} with vocabulary 'bytes'")
    return index
