namespace Superfactory.Cli.Bench;

/// <summary>
/// A fixed number of threads that share an operation over numbers, each a piece of its own: the caller's and as many others as are
/// needed, which wait between operations. To be used by one thread at a time.
/// </summary>
internal sealed class Gang : IDisposable
{
    // A multiple of every format's block, and of a page of numbers, so that no two threads write the same page.
    private const int Granule = 4096;

    private readonly Barrier _barrier;
    private readonly Thread[] _others;
    private (int Length, Action<int, int>? Work) _next;

    /// <summary>Starts the threads.</summary>
    public Gang(int threads)
    {
        Threads = threads;
        _barrier = new Barrier(threads);
        _others = new Thread[threads - 1];
        for (var index = 0; index < _others.Length; index++)
        {
            var place = index + 1;
            _others[index] = new Thread(() => Follow(place)) { IsBackground = true, Name = $"bench {place}" };
            _others[index].Start();
        }
    }

    /// <summary>How many there are, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Does <paramref name="work"/> (start, count) over <paramref name="length"/> numbers and returns when all of it is done.</summary>
    public void Run(int length, Action<int, int> work)
    {
        _next = (length, work);
        _barrier.SignalAndWait();
        Share(0);
        _barrier.SignalAndWait();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _next = default;
        _barrier.SignalAndWait();
        foreach (var thread in _others)
        {
            thread.Join();
        }

        _barrier.Dispose();
    }

    private void Follow(int place)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_next.Work is null)
            {
                return;
            }

            Share(place);
            _barrier.SignalAndWait();
        }
    }

    private void Share(int place)
    {
        var (length, work) = _next;
        var granules = ((long)length + Granule - 1) / Granule;
        var start = (int)Math.Min(length, granules * place / Threads * Granule);
        var end = (int)Math.Min(length, granules * (place + 1) / Threads * Granule);
        if (end > start)
        {
            work!(start, end - start);
        }
    }
}
