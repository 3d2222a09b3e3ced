"""A run as a training loop sees it."""
from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple, Type, Union

from torch import Tensor, nn

from .attachments import Attachments
from .changing import ChangingRounds
from .environment import Environment
from .errors import SuperfactoryError
from .following import Following
from .hashing import parameters_sha256
from .island import Island
from .protocol import AUTO, EVERY_STEP, STREAMING, Welcome
from .reporting import Reporter
from .rounds import Rounds
from .samples import Samples
from .session import Session
from .steps import Stepper
from .streaming import StreamingRounds
from .tensors import TensorTable

Loss = Union[float, Tensor]


class Run:
    """This process's part in a run; ``superfactory.join()`` makes it. For one thread: the one that trains.

    As a context manager it calls ``finish()`` at the end of a block that raised nothing. A run that is over and was not
    finished by the end of the program is finished then; one that is not over is left as it is, and the gang's supervisor
    takes the process's end for a fault.
    """

    def __init__(self, environment: Environment, session: Session, welcome: Welcome) -> None:
        self._environment, self._session, self._welcome = environment, session, welcome
        self._island: Island = session.island
        self._reporter = Reporter(session)
        self._table: Optional[TensorTable] = None
        self._rounds: Optional[Rounds] = None
        self._stepper: Stepper
        self._attachments: Optional[Attachments] = None
        self._early_attached: Dict[str, Any] = {}
        self._samples: Optional[Samples] = None
        self._dataset = ""
        self._finalized = False
        self._closed = False

    # What the run is.

    @property
    def id(self) -> int:
        """The run's number, which is its job's; 0 outside a gang."""
        return self._welcome.run

    @property
    def island(self) -> str:
        """This island's name: its site's; ``alone`` outside a gang."""
        return self._welcome.island

    @property
    def islands(self) -> Tuple[str, ...]:
        """All islands of the run, in the job's order."""
        return self._welcome.islands

    @property
    def mode(self) -> str:
        """What the current round merges: ``every-step``, ``diloco`` or ``streaming``; ``auto`` before ``synchronize`` in a run that chooses by itself.
        Outside a gang always ``every-step``, where nothing is merged."""
        return self._rounds.mode if self._rounds is not None else self._welcome.mode

    @property
    def seed(self) -> int:
        """The job's seed, the same on every island."""
        return self._welcome.seed

    @property
    def rank(self) -> int:
        """This process's place in its island, from 0."""
        return self._island.rank

    @property
    def world(self) -> int:
        """Processes of this island."""
        return self._island.world

    @property
    def job(self) -> Dict[str, Any]:
        """The job's specification with its defaults; empty outside a gang."""
        return self._environment.job

    @property
    def corpus(self) -> Optional[Path]:
        """The directory of the job's corpus at this site; None where the job names none."""
        return self._environment.corpus

    @property
    def output(self) -> Optional[Path]:
        """The directory for what the job produces at this site; None outside a gang."""
        return self._environment.output

    # How far it is.

    @property
    def progress(self) -> float:
        """Merged ÷ planned, 0 to 1, the same on every island at the same step: what learning rates are made from.

        Between merges it goes on by what the steps taken since then add once they are merged.
        """
        return self._rounds.progress if self._rounds is not None else 0.0

    @property
    def finished(self) -> bool:
        """Whether everything planned is merged. The model then holds the final parameters, the same on every island."""
        return self._rounds is not None and self._rounds.turn.finished

    @property
    def steps(self) -> int:
        """Optimizer steps that this island has taken, over restarts too."""
        return self._rounds.steps if self._rounds is not None else 0

    @property
    def merge_seconds(self) -> float:
        """Seconds that this process has spent in merges, copying and waiting included, from the end of the first step."""
        if self._rounds is None:
            return 0.0
        return self._rounds.stopwatch.wall_seconds - self._rounds.stopwatch.training_seconds

    @property
    def merged_loss(self) -> float:
        """The token-weighted mean loss over all islands in the last merge; NaN before the first."""
        last = self._rounds.last if self._rounds is not None else None
        return last.loss if last is not None else math.nan

    # The three lines.

    def synchronize(self, model: nn.Module, optimizer: Union[Any, Iterable[Any]]) -> None:
        """Registers the model and takes the run's parameters in its place; call it once, before the first step.

        ``model`` may be wrapped in DistributedDataParallel; in an island of several processes it must be.
        ``optimizer`` is one, or several in a list. After a restart optimizer and attached objects are restored here.
        """
        if self._rounds is not None:
            raise SuperfactoryError("run.synchronize was called twice: call it once, before the first step")
        optimizers = [optimizer] if hasattr(optimizer, "step") else list(optimizer)
        table = TensorTable(model, self.mode in (EVERY_STEP, AUTO), self._welcome.streaming)
        attachments = Attachments(table, optimizers)
        for name, target in self._early_attached.items():
            attachments.attach(name, target)
        self._session.register(table)
        self._session.following = following = Following(table, attachments, optimizers)
        turn, state = self._session.start(table)
        kind = {STREAMING: StreamingRounds, AUTO: ChangingRounds}.get(self.mode, Rounds)
        rounds = kind(self._session, self._welcome, table, attachments, turn)
        self._table, self._attachments, self._rounds = table, attachments, rounds
        self._stepper = stepper = Stepper(self._welcome.mode, rounds, table, attachments, optimizers)
        self._session.state_source = lambda: attachments.collect(
            {**rounds.counters(), "weights": stepper.weights.state_dict()})
        if isinstance(rounds, StreamingRounds):
            self._session.standing = rounds.standing
        counters = attachments.restore(state) if state is not None else following.take_counters()
        if counters is not None:
            rounds.restore(counters)
            stepper.weights.load_state_dict(counters["weights"])
        if state is not None and isinstance(rounds, StreamingRounds):
            rounds.stand(state.get("standing"))
        rounds.plan_untracked(int(self.job.get("budget", {}).get("steps", 0)))
        if self._samples is not None and not turn.finished:
            rounds.declare(self._samples, self._dataset)
        self._finalize_if_over()

    def step(self, *, loss: Optional[Loss], tokens: Optional[int] = None, scaler: Any = None) -> None:
        """Takes the optimizer's step, and merges with the other islands when it is time.

        ``loss`` is the mean over the ``tokens`` that this process trained on in the step; ``tokens`` defaults to its
        samples. In an island whose processes have a lane each the last one's counts, and the others may give None. With ``scaler``, a GradScaler, the step goes through ``scaler.step`` and ``scaler.update``.
        Gradients are not zeroed: that is the loop's, as before. In every-step mode, where islands are away and the job keeps
        its global batch, a step has several batches: their gradients are gathered, and the optimizer steps after the last.
        """
        rounds = self._joined("run.step")
        if rounds.turn.finished:
            raise SuperfactoryError("run.step was called after the run was over: loop while not run.finished")
        if self._samples is not None and self._samples.discard():
            return
        last = self._samples is None or self._samples.completes_turn
        units = self._samples.consume() if self._samples is not None else 1
        tokens = units if tokens is None else int(tokens)
        if tokens < 0:
            raise SuperfactoryError(f"run.step(tokens={tokens}): expected 0 or more")
        if loss is None and not self._environment.lanes:
            raise SuperfactoryError("run.step(loss=None): expected the loss")
        loss = 0.0 if loss is None else loss.detach().double() if isinstance(loss, Tensor) else float(loss)
        self._stepper.step(units, loss, tokens, scaler, last)
        rounds.stopwatch.step()
        self._reporter.step(rounds.steps, loss, tokens * self._island.replicas)
        self._finalize_if_over()

    def merge_gradients(self, *, loss: Optional[Loss] = None, tokens: Optional[int] = None, scaler: Any = None) -> None:
        """In every-step mode: replaces the gradients by their token-weighted mean over all islands. Else nothing.

        Call it between ``backward()`` (and ``scaler.unscale_``) and clipping. Without ``tokens`` the step is weighted as
        those before it, by its samples; without ``loss`` the loss is reported a step late.
        """
        if self._joined("run.merge_gradients").turn.finished:
            raise SuperfactoryError("run.merge_gradients was called after the run was over: loop while not run.finished")
        units, last = (self._samples.due(), self._samples.completes_turn) if self._samples is not None else (1, True)
        self._stepper.merge_gradients(units, loss, tokens, scaler, last)

    def attach(self, name: str, target: Any) -> None:
        """Saves and restores ``target``, anything with ``state_dict`` and ``load_state_dict``, with the run's state."""
        if self._attachments is None:
            self._early_attached[name] = target
        else:
            self._attachments.attach(name, target)

    def samples(self, *, count: int, batch: int, dataset: str = "") -> Samples:
        """This process's samples of a dataset of ``count``, for a DataLoader's ``sampler``; call it before the first step.

        ``batch`` is the samples of one optimizer step of this island, over all its processes and accumulated batches.
        ``dataset`` identifies the content, a hash for example; islands must agree on it and on ``count``.
        """
        if self._samples is not None:
            raise SuperfactoryError("run.samples was called twice: a run deals one dataset")
        shares = self._island.replicas
        samples = Samples(count, batch, self.seed, self.rank if shares > 1 else 0, shares)
        if self._rounds is not None and not self.finished:
            if self._rounds.last is not None:
                raise SuperfactoryError("run.samples was called after the first merge: call it before the first step")
            self._rounds.declare(samples, dataset)
        self._samples, self._dataset = samples, dataset
        return samples

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done inside is no training and is not counted as such: an evaluation between two steps, for example."""
        stopwatch = self._joined("run.aside").stopwatch
        stopwatch.leave()
        try:
            yield
        finally:
            stopwatch.back()

    # What people see.

    def report(self, **values: float) -> None:
        """Numbers measured at this step, shown beside loss and tokens per second; sent at most four times a second."""
        self._reporter.report(self.steps, values)

    def result(self, name: str, value: Union[float, int, str, Tensor]) -> None:
        """A number or a text that the run ends with, such as ``validation_loss_final``."""
        self._reporter.result(name, value)

    # The end.

    def finish(self, output_directory: Union[str, Path, None] = None) -> str:
        """Ends this island's part once the run is over and returns the SHA-256 of its parameters.

        Waits until every island has finished. ``output_directory`` says where the model was saved. SuperfactoryError where
        the run is not over yet. A second call does nothing more.
        """
        rounds, table = self._joined("run.finish"), self._table
        assert table is not None
        digest = parameters_sha256(table.by_name())
        if self._closed:
            return digest
        if not rounds.turn.finished:
            raise SuperfactoryError(f"run.finish was called after {rounds.steps} steps, before the run was over "
                                    f"({self.progress:.0%} merged): loop while not run.finished")
        if self._island.first:
            self._reporter.finish(digest, rounds, output_directory)
        self.close()
        return digest

    @property
    def closed(self) -> bool:
        """Whether this process has left the run."""
        return self._closed

    def close(self) -> None:
        """Leaves the run at once, finished or not. A second call does nothing."""
        if not self._closed:
            self._closed = True
            if self._rounds is not None:
                self._stepper.close()
            self._session.close()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind is None:
            self.finish()

    def _joined(self, call: str) -> Rounds:
        if self._rounds is None:
            raise SuperfactoryError(f"{call} was called before run.synchronize(model, optimizer)")
        return self._rounds

    def _finalize_if_over(self) -> None:
        if self.finished and not self._finalized:
            assert self._table is not None
            self._finalized = True
            self._session.finalize(self._table)
