"""What the supervisor of a gang tells a trainer process by environment variables."""
from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from .errors import SuperfactoryError


@dataclass(frozen=True)
class Environment:
    """The place of this process in a run. Outside a gang everything has its default."""

    bridge: Optional[str] = None
    """The bridge's socket; None outside a gang. With lanes those of this process's lanes, apart by ``:``."""
    lanes: Tuple[int, ...] = ()
    """The lanes that this process has, of a model that is merged in lanes; empty otherwise."""
    job: Dict[str, Any] = field(default_factory=dict)
    """The job's specification, as submitted, with its defaults; empty outside a gang."""
    island: str = "alone"
    rank: int = 0
    local_rank: int = 0
    world: int = 1
    corpus: Optional[Path] = None
    output: Optional[Path] = None

    @staticmethod
    def read(variables: Mapping[str, str] = os.environ) -> "Environment":
        """Reads the variables; SuperfactoryError where one makes no sense."""
        rank, world = _integer(variables, "RANK", 0), _integer(variables, "WORLD_SIZE", 1)
        if not 0 <= rank < world:
            raise SuperfactoryError(f"RANK is {rank} with WORLD_SIZE {world}: expected a rank from 0 to {world - 1}")
        corpus, output = variables.get("SUPERFACTORY_CORPUS"), variables.get("SUPERFACTORY_OUTPUT")
        return Environment(
            bridge=variables.get("SUPERFACTORY_BRIDGE") or None,
            lanes=tuple(int(lane) for lane in variables.get("SUPERFACTORY_LANES", "").split(":") if lane),
            job=_job(variables.get("SUPERFACTORY_JOB_FILE")),
            island=variables.get("SUPERFACTORY_ISLAND", "alone"),
            rank=rank, local_rank=_integer(variables, "LOCAL_RANK", 0), world=world,
            corpus=Path(corpus) if corpus else None, output=Path(output) if output else None)


def _integer(variables: Mapping[str, str], name: str, default: int) -> int:
    text = variables.get(name, "")
    try:
        return int(text) if text else default
    except ValueError:
        raise SuperfactoryError(f"{name} is '{text}': expected a whole number") from None


def _job(path: Optional[str]) -> Dict[str, Any]:
    if not path:
        return {}
    try:
        job = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SuperfactoryError(f"SUPERFACTORY_JOB_FILE {path} cannot be read: {error}") from None
    if not isinstance(job, dict):
        raise SuperfactoryError(f"SUPERFACTORY_JOB_FILE {path}: expected a JSON object")
    return job
