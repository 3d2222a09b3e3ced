using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Quotas;

/// <summary>What each queue uses of each kind of hardware. Not safe for concurrent use.</summary>
internal sealed class QuotaLedger
{
    private static readonly int _types = HardwareCatalogue.All.Length;

    private readonly QueueTree _tree;
    private readonly long[] _own, _owned, _used, _limit, _lent;
    private readonly long[] _keptSum = new long[_types];

    /// <summary>A ledger of nothing used.</summary>
    public QuotaLedger(QueueTree tree)
    {
        _tree = tree;
        var size = tree.Queues.Length * _types;
        (_own, _owned, _used, _limit, _lent) = (new long[size], new long[size], new long[size], new long[size], new long[size]);
        for (var queue = 0; queue < tree.Queues.Length; queue++)
        {
            for (var type = 0; type < _types; type++)
            {
                var quota = tree.Quota(queue, type);
                var guaranteed = quota?.Guaranteed ?? 0;
                _own[At(queue, type)] += guaranteed;
                _limit[At(queue, type)] = quota?.BorrowingLimit is { } borrowing ? guaranteed + borrowing : long.MaxValue;
                _lent[At(queue, type)] = quota?.LendingLimit ?? long.MaxValue;
                if (tree.Parents[queue] >= 0)
                {
                    _own[At(tree.Parents[queue], type)] -= guaranteed;
                }
            }
        }

        for (var at = 0; at < size; at++)
        {
            _keptSum[at % _types] += Kept(at);
        }
    }

    /// <summary>Whether so many more are within what the queue's own jobs are guaranteed.</summary>
    public bool IsWithinGuarantee(int queue, int type, long count) => _owned[At(queue, type)] + count <= _own[At(queue, type)];

    /// <summary>What a queue's jobs use on guarantee.</summary>
    public long Owned(int queue, int type) => _owned[At(queue, type)];

    /// <summary>What a queue's own jobs are guaranteed.</summary>
    public long Own(int queue, int type) => _own[At(queue, type)];

    /// <summary>What a queue and those under it may use at the most; <see cref="long.MaxValue"/> where nothing limits it.</summary>
    public long Limit(int queue, int type) => _limit[At(queue, type)];

    /// <summary>What a queue and those under it use.</summary>
    public long Used(int queue, int type) => _used[At(queue, type)];

    /// <summary>Why a queue may not use so many more beyond its guarantee; null where it may.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="type">The kind.</param>
    /// <param name="count">How many more.</param>
    /// <param name="free">How many are free in the fleet.</param>
    public PendingReason? CheckBorrowing(int queue, int type, long count, long free)
    {
        var hardware = HardwareCatalogue.All[type].Name;
        for (var above = queue; above >= 0; above = _tree.Parents[above])
        {
            var over = _limit[At(above, type)] == long.MaxValue ? 0 : _used[At(above, type)] + count - _limit[At(above, type)];
            if (over > 0)
            {
                return new PendingReason.Quota(over, _tree.Queues[above].Name, hardware);
            }
        }

        var missing = count - (free - KeptByOthers(queue, type));
        return KeptByOthers(queue, type) > 0 && missing > 0 ? new PendingReason.Lending(missing, hardware) : null;
    }

    /// <summary>All that a queue lacks to use so many more beyond its guarantee: of its own limit and of each above it, and of what others lend, of those first that keep the most.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="type">The kind.</param>
    /// <param name="count">How many more.</param>
    /// <param name="free">How many are free in the fleet.</param>
    public IEnumerable<PendingReason> Lacking(int queue, int type, long count, long free)
    {
        var hardware = HardwareCatalogue.All[type].Name;
        for (var above = queue; above >= 0; above = _tree.Parents[above])
        {
            if (_limit[At(above, type)] != long.MaxValue && _used[At(above, type)] + count - _limit[At(above, type)] is var over and > 0)
            {
                yield return new PendingReason.Quota(over, _tree.Queues[above].Name, hardware);
            }
        }

        var missing = count - (free - KeptByOthers(queue, type));
        foreach (var other in Enumerable.Range(0, _tree.Queues.Length).Where(other => other != queue && Kept(At(other, type)) > 0).OrderByDescending(other => Kept(At(other, type))).ThenBy(static other => other))
        {
            if (missing > 0)
            {
                yield return new PendingReason.Lending(Math.Min(missing, Kept(At(other, type))), hardware, _tree.Queues[other].Name);
                missing -= Kept(At(other, type));
            }
        }
    }

    /// <summary>Raises what a queue and those under it may use, or lowers it where negative.</summary>
    public void Raise(int queue, int type, long count) => _limit[At(queue, type)] += count;

    /// <summary>Has a queue lend so many more of what lies idle, or fewer where negative.</summary>
    public void Lend(int queue, int type, long count)
    {
        _keptSum[type] -= Kept(At(queue, type));
        _lent[At(queue, type)] += count;
        _keptSum[type] += Kept(At(queue, type));
    }

    /// <summary>Charges a job, or takes the charge back where negative.</summary>
    public void Charge(int queue, int type, long count, bool isOwned)
    {
        if (isOwned)
        {
            var at = At(queue, type);
            _keptSum[type] -= Kept(at);
            _owned[at] += count;
            _keptSum[type] += Kept(at);
        }

        for (var above = queue; above >= 0; above = _tree.Parents[above])
        {
            _used[At(above, type)] += count;
        }
    }

    private static int At(int queue, int type) => (queue * _types) + type;

    /// <summary>What lies idle of a queue's own beyond what it lends.</summary>
    private long Kept(int at) => _lent[at] == long.MaxValue ? 0 : Math.Max(0, _own[at] - _owned[at] - _lent[at]);

    private long KeptByOthers(int queue, int type) => _keptSum[type] - Kept(At(queue, type));
}
