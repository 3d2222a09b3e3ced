using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Explaining;

/// <summary>
/// Has the fleet be as if there were more of what a job lacks, thing by thing, and takes all of it back. In between the searches that decide find it as it would be then.
/// Not safe for concurrent use.
/// </summary>
internal sealed class WhatIf
{
    /// <summary>Times that it is tried whether the job would start without some of what is granted: halves, then their halves. What was not tried by then is said.</summary>
    private const int TriesMax = 1_024;

    private readonly List<Granted> _granted = [];
    private readonly List<Reservation> _away = [];
    private readonly List<Reservation> _gone = [];
    private readonly FleetState _state;
    private readonly long _now, _regained;

    /// <summary>Nothing is granted as yet.</summary>
    public WhatIf(FleetState state, long now)
    {
        (_state, _now) = (state, now);
        state.Spare(now);
        _regained = state.Regained;
    }

    /// <summary>What is granted, each thing once.</summary>
    public IEnumerable<PendingReason> Needs => _granted.Select(static granted => granted.Need);

    /// <summary>What is reserved and was taken away.</summary>
    public IEnumerable<Reservation> Away => _away.OrderBy(static each => each.Job).ThenBy(static each => each.Window?.Id ?? 0);

    /// <summary>So many more of a domain are free.</summary>
    public void Free(int domain, int count) =>
        Grant(("domain", domain, 0), new PendingReason.Accelerators(count, HardwareCatalogue.All[_state.TypeOf(domain)].Name, _state.NameOf(domain)), _state.Grant(domain, count));

    /// <summary>A budget has so many watts more.</summary>
    public void Power(PowerLevel level, int index, long watts)
    {
        var name = level switch { PowerLevel.Rack => _state.Layout.RackNames[index], PowerLevel.Row => RowName(index), PowerLevel.Site => _state.Layout.SiteNames[index], _ => "the fleet" };
        Grant((level.ToString(), index, 0), new PendingReason.Power(watts, name), Raised(sign => _state.Power.Raise(level, index, sign * watts)));
    }

    /// <summary>A queue may use so many more, or lends them.</summary>
    public void Quota(PendingReason lacks)
    {
        if (lacks is PendingReason.Quota quota)
        {
            var (queue, type) = (_state.Queues.Find(quota.Queue), HardwareCatalogue.Names.IndexOf(quota.Hardware));
            Grant(("quota", queue, type), quota, Raised(sign => _state.Quota.Raise(queue, type, sign * quota.Missing)));
        }
        else if (lacks is PendingReason.Lending { Queue: { } lender } lending)
        {
            var (queue, type) = (_state.Queues.Find(lender), HardwareCatalogue.Names.IndexOf(lending.Hardware));
            Grant(("lending", queue, type), lending, Raised(sign => _state.Quota.Lend(queue, type, sign * lending.Missing)));
        }
    }

    /// <summary>A link carries so much more, one way.</summary>
    public void Link(int from, int to, long rate) =>
        Grant(("link", from, to), new PendingReason.Wan(rate, _state.Layout.SiteNames[from], _state.Layout.SiteNames[to]), Raised(sign => _state.Wan.Raise(from, to, sign * rate)));

    /// <summary>A job that runs has ended.</summary>
    public void End(RunningJob job)
    {
        _state.Detach(job);
        Grant(("job", _granted.Count, 0), new PendingReason.Running(job.Number), (() => _state.Restore(job), () => _state.Detach(job)));
    }

    /// <summary>Something is reserved no longer.</summary>
    public void TakeAway(Reservation reservation)
    {
        Remove(reservation);
        _away.Add(reservation);
    }

    /// <summary>A job waits no longer, whatever else is granted: what is reserved for it is so no longer.</summary>
    public void Leave(long job)
    {
        if (_state.Reserved.TryFind(job, out var reservation))
        {
            Remove(reservation);
            _gone.Add(reservation);
        }
    }

    /// <summary>What was reserved for a job is so again.</summary>
    public void ComeBack(long job)
    {
        if (_gone.Find(each => each.Job == job) is { } reservation)
        {
            _gone.Remove(reservation);
            Return(reservation);
        }
    }

    /// <summary>Gives back whatever the job starts without.</summary>
    /// <param name="starts">Whether it starts as it is.</param>
    public void Spare(Func<bool> starts)
    {
        foreach (var reservation in Away.ToList())
        {
            _away.Remove(reservation);
            Return(reservation);
            if (!starts())
            {
                TakeAway(reservation);
            }
        }

        // Where something is gone, what was needed beside it may be no longer.
        var tries = 0;
        while (_granted.RemoveAll(Needless([.. _granted], starts, ref tries).Contains) > 0)
        {
        }
    }

    /// <summary>Takes everything back.</summary>
    public void Undo()
    {
        Forget();
        foreach (var reservation in _away.Concat(_gone))
        {
            Return(reservation);
        }

        _away.Clear();
        _gone.Clear();

        // Who was spared or was not while that was thought of is nothing that came free.
        _state.Spare(_now);
        _state.Regained = _regained;
    }

    /// <summary>Takes everything back but what was taken away.</summary>
    public void Forget()
    {
        for (var last = _granted.Count - 1; last >= 0; last--)
        {
            _granted[last].Undo();
        }

        _granted.Clear();
    }

    // Nothing that is reserved has to be looked at anew for what is only thought of.
    private void Remove(Reservation reservation)
    {
        _state.Reserved.IsSearching = true;
        _state.Reserved.Remove(reservation);
        _state.Reserved.IsSearching = false;
    }

    private void Return(Reservation reservation)
    {
        _state.Reserved.IsSearching = true;
        _state.Reserved.Add(reservation);
        _state.Reserved.IsSearching = false;
    }

    private string RowName(int row)
    {
        var rack = Enumerable.Range(0, _state.Layout.Racks.Length).First(rack => _state.Layout.Racks[rack].Row == row);
        return _state.Layout.RackNames[rack][.._state.Layout.RackNames[rack].LastIndexOf('/')];
    }

    private void Grant((string Kind, int At, int Of) key, PendingReason need, (Action Undo, Action Redo) step)
    {
        if (_granted.Find(granted => granted.Key == key) is not { } known)
        {
            _granted.Add(known = new Granted(key, need));
        }
        else
        {
            known.Need = Sum(known.Need, need);
        }

        known.Steps.Add(step);
    }

    /// <summary>Those of a part without which the job starts; they are taken back.</summary>
    private static List<Granted> Needless(List<Granted> part, Func<bool> starts, ref int tries)
    {
        if (part.Count == 0 || ++tries > TriesMax)
        {
            return [];
        }

        part.ForEach(static granted => granted.Undo());
        if (starts())
        {
            return part;
        }

        part.ForEach(static granted => granted.Redo());
        return part.Count == 1 ? [] : [.. Needless(part[(part.Count / 2)..], starts, ref tries), .. Needless(part[..(part.Count / 2)], starts, ref tries)];
    }

    private static (Action Undo, Action Redo) Raised(Action<int> change)
    {
        change(1);
        return (() => change(-1), () => change(1));
    }

    private static PendingReason Sum(PendingReason one, PendingReason more) => (one, more) switch
    {
        (PendingReason.Accelerators known, PendingReason.Accelerators other) => known with { Missing = known.Missing + other.Missing },
        (PendingReason.Power known, PendingReason.Power other) => known with { Watts = known.Watts + other.Watts },
        (PendingReason.Quota known, PendingReason.Quota other) => known with { Missing = known.Missing + other.Missing },
        (PendingReason.Lending known, PendingReason.Lending other) => known with { Missing = known.Missing + other.Missing },
        (PendingReason.Wan known, PendingReason.Wan other) => known with { BytesPerSecond = known.BytesPerSecond + other.BytesPerSecond },
        _ => one,
    };

    /// <summary>A thing of which there is more, in one step or several.</summary>
    private sealed class Granted((string, int, int) key, PendingReason need)
    {
        public (string Kind, int At, int Of) Key { get; } = key;

        public PendingReason Need { get; set; } = need;

        public List<(Action Undo, Action Redo)> Steps { get; } = [];

        public void Undo()
        {
            for (var last = Steps.Count - 1; last >= 0; last--)
            {
                Steps[last].Undo();
            }
        }

        public void Redo() => Steps.ForEach(static step => step.Redo());
    }
}
