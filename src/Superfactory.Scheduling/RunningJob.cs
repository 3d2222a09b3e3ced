using System.Collections.Immutable;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling;

/// <summary>A job that holds accelerators. Changed by <see cref="FleetState"/> alone.</summary>
public sealed class RunningJob
{
    /// <summary>The longest that a job is no victim because it has not run its minimum: 15 minutes, so that a guarantee is given back in a bounded time.</summary>
    public const long MinimumRunMax = 15 * 60 * 1000;

    private readonly SliceStore _store;

    internal RunningJob(SliceStore store, GangRequest request, long start, bool isOwned, int queue, int type)
    {
        _store = store;
        (Request, StartMilliseconds, CheckpointMilliseconds, IsOwned, Queue, Type) = (request, start, start, isOwned, queue, type);

        // A search for victims looks at tens of thousands of jobs: what it compares lies here, not behind another reference.
        (Number, Priority, MinimumEnd, StopCost) = (request.Job, request.Priority, start + Math.Min(request.MinimumRunMilliseconds, MinimumRunMax), request.StopCostMilliseconds);
        ExpectedEnd = request.DurationMilliseconds == 0 ? long.MaxValue : start + request.DurationMilliseconds;
    }

    /// <summary>What it asked for.</summary>
    public GangRequest Request { get; }

    /// <summary>When it started.</summary>
    public long StartMilliseconds { get; }

    /// <summary>When its last checkpoint was sealed; its start where none was.</summary>
    public long CheckpointMilliseconds { get; internal set; }

    /// <summary>Whether it is on guaranteed quota.</summary>
    public bool IsOwned { get; }

    /// <summary>Its slices, island after island, as they are at the moment; none once it has ended.</summary>
    public ImmutableArray<Slice> Slices
    {
        get
        {
            var slices = ImmutableArray.CreateBuilder<Slice>();
            foreach (ref readonly var slice in _store.Of(this))
            {
                slices.Add(new Slice(slice.Island, slice.Domain, slice.Count, slice.Nodes));
            }

            return slices.ToImmutable();
        }
    }

    /// <summary>Accelerators that it holds.</summary>
    public int Accelerators { get; internal set; }

    /// <summary>When it is expected to end; <see cref="long.MaxValue"/> where nobody knows.</summary>
    public long ExpectedEnd { get; }

    /// <summary>The reserved start that it was let run ahead of: it is stopped in time for it if it runs longer than was expected. <see cref="long.MaxValue"/> for none.</summary>
    public long EndBy { get; internal set; } = long.MaxValue;

    internal int Queue { get; }

    /// <summary>The kind of hardware of its own islands.</summary>
    internal int Type { get; }

    /// <summary>What it holds of other kinds than <see cref="Type"/>: gangs of roles do.</summary>
    internal ImmutableArray<(int Type, int Accelerators)> Others { get; set; } = [];

    internal ImmutableArray<(ImmutableArray<int> Route, long Rate)> Routes { get; set; } = [];

    internal int ListPlace { get; set; }

    /// <summary>The number of its first slice; 0 where it has none.</summary>
    internal int FirstSlice { get; set; }

    /// <summary>The number of its last slice.</summary>
    internal int LastSlice { get; set; }

    internal long Number { get; }

    internal int Priority { get; }

    /// <summary>When it has run its minimum.</summary>
    internal long MinimumEnd { get; }

    internal long StopCost { get; }

    /// <summary>How many had started before it.</summary>
    internal long Turn { get; set; }

    /// <summary>Whether its queue's guarantee has room for it, though it is borrowed; see <see cref="FleetState.Spare"/>.</summary>
    internal bool IsSpared { get; set; }

    /// <summary>Whether it has run its minimum, as far as <see cref="FleetState.Spare"/> was asked.</summary>
    internal bool IsMature { get; set; }

    /// <summary>Whether what it holds is counted as reclaimable.</summary>
    internal bool Counts { get; set; }

    /// <summary>Whether what it holds is counted as reclaimable once it has run the minimum.</summary>
    internal bool CountsLater { get; set; }

    /// <summary>What it holds of a kind.</summary>
    internal int Of(int type)
    {
        var count = Type == type ? Accelerators : 0;
        if (Others.IsEmpty)
        {
            return count;
        }

        foreach (var other in Others)
        {
            count += other.Type == type ? other.Accelerators : Type == type ? -other.Accelerators : 0;
        }

        return count;
    }

    /// <summary>What each of its accelerators loses by a stop, in milliseconds.</summary>
    internal long LossPerAccelerator(long now) => checked(Math.Max(0, now - CheckpointMilliseconds) + StopCost);

    internal long Loss(long now) => checked(Accelerators * LossPerAccelerator(now));
}

/// <summary>What an island held of one domain when it was asked for. Immutable.</summary>
/// <param name="Island">The island, from 0.</param>
/// <param name="Domain">The domain.</param>
/// <param name="Count">Accelerators.</param>
/// <param name="Nodes">How many of each node, four bits each from the lowest; 0 where a domain is one node or the site places its gangs.</param>
public readonly record struct Slice(int Island, int Domain, int Count, UInt128 Nodes);
