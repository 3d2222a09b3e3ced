namespace Superfactory.Wan.Links;

/// <summary>
/// Holds the connections that have not proven yet whose they are. When it is full the next one takes the place of the one that has
/// waited longest among those of the address that has most here: strangers who say nothing keep nobody out, and whoever calls from
/// elsewhere is not asked to make room for them. Thread-safe.
/// </summary>
/// <param name="callersMax">The most at a time.</param>
/// <param name="wait">How long one may stay.</param>
/// <param name="time">Where time comes from.</param>
internal sealed class CallerRoom(int callersMax, TimeSpan wait, TimeProvider time)
{
    private readonly Lock _gate = new();

    // In the order in which they came.
    private readonly LinkedList<Caller> _callers = [];

    /// <summary>How many are here.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _callers.Count;
            }
        }
    }

    /// <summary>Takes a caller in; disposing of it lets it go.</summary>
    /// <param name="address">Where it calls from.</param>
    /// <param name="stop">Ends its stay.</param>
    public Caller Enter(string address, CancellationToken stop)
    {
        var caller = new Caller(this, address, new CancellationTokenSource(wait, time), stop);
        Caller? evicted = null;
        lock (_gate)
        {
            if (_callers.Count >= callersMax)
            {
                evicted = LongestOfMost();
                _callers.Remove(evicted);
            }

            _callers.AddLast(caller);
        }

        // Outside the lock: what waits for it goes on here.
        evicted?.Evict();
        return caller;
    }

    private Caller LongestOfMost()
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var caller in _callers)
        {
            counts[caller.Address] = counts.GetValueOrDefault(caller.Address) + 1;
        }

        var longest = _callers.First!.Value;
        foreach (var caller in _callers)
        {
            longest = counts[caller.Address] > counts[longest.Address] ? caller : longest;
        }

        return longest;
    }

    private void Leave(Caller caller)
    {
        lock (_gate)
        {
            _callers.Remove(caller);
        }
    }

    /// <summary>A connection in the room.</summary>
    internal sealed class Caller : IDisposable
    {
        private readonly CallerRoom _room;
        private readonly CancellationTokenSource _timeout;
        private readonly CancellationTokenSource _either;
        private readonly Lock _gate = new();
        private bool _left;

        internal Caller(CallerRoom room, string address, CancellationTokenSource timeout, CancellationToken stop)
        {
            (_room, Address, _timeout) = (room, address, timeout);
            _either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
            Token = _either.Token;
        }

        /// <summary>Where it calls from.</summary>
        public string Address { get; }

        /// <summary>Ends when it has to go.</summary>
        public CancellationToken Token { get; }

        /// <summary>Whether it had to go because others came.</summary>
        public bool IsEvicted { get; private set; }

        /// <summary>It leaves: it has said who it is, or is gone.</summary>
        public void Dispose()
        {
            _room.Leave(this);
            lock (_gate)
            {
                if (!_left)
                {
                    _left = true;
                    _either.Dispose();
                    _timeout.Dispose();
                }
            }
        }

        internal void Evict()
        {
            lock (_gate)
            {
                if (!_left)
                {
                    IsEvicted = true;
                    _ = _timeout.CancelAsync();
                }
            }
        }
    }
}
