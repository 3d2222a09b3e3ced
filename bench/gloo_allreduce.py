#!/usr/bin/env python3
"""One site's process of an all-reduce by PyTorch's Gloo, the peer of `superfactory bench merge`.

    gloo_allreduce.py --store FILE --rank R --size N --address A --elements E --arena FILE --offset BYTES

Reads the numbers from the same shared memory as the bridge. Says `ready` when all processes are joined; then takes lines:
`prepare K` copies the numbers anew and answers `prepared`; `reduce K` sums them over all processes in K concurrent operations and
answers `reduced` when the sum is here; `check FILE ...` compares it with the sum of the numbers in the named arenas and answers
`right` or `wrong WHERE`. What is copied and compared lies outside the time from `reduce` to `reduced`.
"""

import argparse
import sys
from datetime import timedelta

import numpy
import torch
import torch.distributed as dist

TIMEOUT = timedelta(minutes=30)

# Sums of the same fp32 numbers in another order differ by roundings alone.
RELATIVE, ABSOLUTE = 1e-5, 1e-5


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True, help="a file that all processes share, not there yet")
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--address", required=True, help="where the other processes reach this one")
    parser.add_argument("--elements", type=int, required=True, help="fp32 numbers in the buffer")
    parser.add_argument("--arena", required=True, help="the file that holds the numbers")
    parser.add_argument("--offset", type=int, default=0, help="where they begin in it, in bytes")
    parser.add_argument("--threads", type=int, default=4, help="threads of the process group: one for each concurrent operation")
    return parser.parse_args(arguments)


def join(options):
    """The process group, connected over the given address alone."""
    store = dist.FileStore(options.store, options.size)
    settings = dist.ProcessGroupGloo._Options()
    settings._devices = [dist.ProcessGroupGloo.create_device(hostname=options.address)]
    settings._threads = options.threads
    settings._timeout = TIMEOUT
    return dist.ProcessGroupGloo(store, options.rank, options.size, settings)


def numbers_of(path, options):
    """The numbers in an arena, where they lie."""
    return numpy.memmap(path, dtype=numpy.float32, mode="r", offset=options.offset, shape=(options.elements,))


def reduce(group, pieces):
    works = [group.allreduce([piece]) for piece in pieces]
    for work in works:
        work.wait()


def difference(buffer, arenas, options):
    """Where the sum is wrong, or None. In pieces, so that no copy of the whole is made for each process."""
    inputs = [numbers_of(path, options) for path in arenas]
    mine, step = buffer.numpy(), 1 << 22
    for start in range(0, options.elements, step):
        expected = sum(values[start:start + step] for values in inputs)
        wrong = ~numpy.isclose(mine[start:start + step], expected, rtol=RELATIVE, atol=ABSOLUTE)
        if wrong.any():
            return start + int(wrong.argmax())
    return None


def main(arguments):
    options = parse(arguments)
    torch.set_num_threads(1)
    source = torch.from_numpy(numbers_of(options.arena, options))
    buffer = torch.zeros(options.elements)
    group = join(options)
    group.allreduce([torch.zeros(1)]).wait()
    print("ready", flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "prepare":
            buffer.copy_(source)
            pieces = list(buffer.chunk(int(words[0])))
            print("prepared", flush=True)
        elif command == "reduce":
            reduce(group, pieces)
            print("reduced", flush=True)
        elif command == "check":
            where = difference(buffer, words, options)
            print("right" if where is None else f"wrong {where}", flush=True)
        else:
            print(f"gloo_allreduce.py: '{command}' is no command", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
