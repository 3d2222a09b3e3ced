namespace Superfactory.Scheduling.Pending;

/// <summary>
/// Requests in an order, in runs of references side by side: a set of nodes would have the collector look for each that changed. Not safe for concurrent use; what is gone
/// through must not change meanwhile.
/// </summary>
/// <param name="order">The order; no two requests are equal in it.</param>
internal sealed class OrderedRequests(Backlog.Order order)
{
    // A run that is full is cut in two.
    private const int RunRoom = 128;

    private readonly List<Run> _runs = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The first; null where there is none.</summary>
    public GangRequest? First => _runs.Count == 0 ? null : _runs[0].Requests[0];

    /// <summary>Adds a request.</summary>
    public void Add(GangRequest request)
    {
        Count++;
        if (_runs.Count == 0)
        {
            _runs.Add(new Run());
        }

        var at = RunOf(request);
        var run = _runs[at];
        if (run.Count == RunRoom)
        {
            var behind = new Run { Count = RunRoom / 2 };
            Array.Copy(run.Requests, RunRoom / 2, behind.Requests, 0, RunRoom / 2);
            Array.Clear(run.Requests, RunRoom / 2, RunRoom / 2);
            run.Count = RunRoom / 2;
            _runs.Insert(at + 1, behind);
            run = order.Compare(request, behind.Requests[0]) < 0 ? run : behind;
        }

        var place = PlaceIn(run, request);
        Array.Copy(run.Requests, place, run.Requests, place + 1, run.Count - place);
        run.Requests[place] = request;
        run.Count++;
    }

    /// <summary>Removes a request.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(GangRequest request)
    {
        var (at, place) = Find(request);
        if (place < 0)
        {
            return false;
        }

        var run = _runs[at];
        run.Count--;
        Array.Copy(run.Requests, place + 1, run.Requests, place, run.Count - place);
        run.Requests[run.Count] = null!;
        Count--;
        if (run.Count == 0)
        {
            _runs.RemoveAt(at);
        }

        return true;
    }

    /// <summary>How many go before a request that is there.</summary>
    public int Before(GangRequest request)
    {
        var (at, place) = Find(request);
        for (var run = 0; run < at; run++)
        {
            place += _runs[run].Count;
        }

        return place;
    }

    /// <summary>The first of them, at most so many, in their order; whoever gets the list may change it.</summary>
    public List<GangRequest> Take(int count)
    {
        List<GangRequest> first = [];
        foreach (var run in _runs)
        {
            if (first.Count >= count)
            {
                break;
            }

            first.AddRange(run.Requests.AsSpan(0, Math.Min(run.Count, count - first.Count)));
        }

        return first;
    }

    /// <summary>Goes through all in their order.</summary>
    public Enumerator GetEnumerator() => new(_runs);

    private (int Run, int Place) Find(GangRequest request)
    {
        if (_runs.Count == 0)
        {
            return (0, -1);
        }

        var at = RunOf(request);
        var run = _runs[at];
        var place = PlaceIn(run, request);
        return (at, place < run.Count && order.Compare(run.Requests[place], request) == 0 ? place : -1);
    }

    /// <summary>The last run whose first request does not go behind one; the first run where all do.</summary>
    private int RunOf(GangRequest request)
    {
        var (low, high) = (0, _runs.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = order.Compare(_runs[middle].Requests[0], request) <= 0 ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private int PlaceIn(Run run, GangRequest request)
    {
        var (low, high) = (0, run.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = order.Compare(run.Requests[middle], request) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Goes through the requests once.</summary>
    public struct Enumerator(List<Run> runs)
    {
        private int _run, _place = -1;

        /// <summary>The request.</summary>
        public readonly GangRequest Current => runs[_run].Requests[_place];

        /// <summary>Goes on to the next one.</summary>
        public bool MoveNext()
        {
            _place++;
            if (_run < runs.Count && _place == runs[_run].Count)
            {
                (_run, _place) = (_run + 1, 0);
            }

            return _run < runs.Count;
        }
    }

    /// <summary>Some that follow each other, at least one.</summary>
    internal sealed class Run
    {
        /// <summary>The requests, and nothing behind them.</summary>
        public readonly GangRequest[] Requests = new GangRequest[RunRoom];

        /// <summary>How many.</summary>
        public int Count { get; set; }
    }
}
