using System.Collections.Immutable;
using Superfactory.Model.Units;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Scheduling;

/// <summary>What the scheduler decided of one request: it starts, with these giving way, or waits for a reason. Immutable.</summary>
public sealed record Plan
{
    /// <summary>The request.</summary>
    public required GangRequest Request { get; init; }

    /// <summary>The islands that start, all in one commit; empty where the job waits.</summary>
    public ImmutableArray<IslandPlan> Islands { get; init; } = [];

    /// <summary>The jobs that are stopped for it, in the order of their numbers.</summary>
    public ImmutableArray<Victim> Victims { get; init; } = [];

    /// <summary>The rates that are reserved for it.</summary>
    public ImmutableArray<WanReservation> Reservations { get; init; } = [];

    /// <summary>Whether it is on its queue's guaranteed quota; what is not is borrowed and may be reclaimed.</summary>
    public bool IsOwned { get; init; }

    /// <summary>The earliest reserved start that it goes ahead of, in milliseconds since 1970: it is expected to have ended by then, and is stopped in time if it has not. <see cref="long.MaxValue"/> for none.</summary>
    public long EndBy { get; init; } = long.MaxValue;

    /// <summary>Why it waits; null where it starts.</summary>
    public PendingReason? Reason { get; init; }

    /// <summary>Whether it starts.</summary>
    public bool Starts => !Islands.IsEmpty;
}

/// <summary>Where an island goes. Immutable.</summary>
public sealed record IslandPlan
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The kind of hardware.</summary>
    public required string Hardware { get; init; }

    /// <summary>Accelerators of each slice: as many in each domain.</summary>
    public required int Slice { get; init; }

    /// <summary>The domains, a slice in each: racks of rack scale, nodes of others; <see cref="FleetState.NameOf"/> names them.</summary>
    public required ImmutableArray<int> Domains { get; init; }

    /// <summary>Why here.</summary>
    public required PlacementScore Score { get; init; }

    /// <summary>The place of its role among <see cref="GangRequest.Roles"/>; −1 for an island of the job itself.</summary>
    public int Role { get; init; } = -1;

    /// <summary>Accelerators of the island.</summary>
    public int Accelerators => Slice * Domains.Length;

    internal int Pool { get; init; }
}

/// <summary>What a placement costs the fleet; compared in this order, less is better. Immutable.</summary>
/// <param name="Preference">The place of the site among those that the job prefers; their number where it is none of them.</param>
/// <param name="ToCopy">Bytes of what the job reads that would have to be copied to the site.</param>
/// <param name="Floors">Floors that the island spans.</param>
/// <param name="Rows">Rows that it spans.</param>
/// <param name="Opened">Domains that were wholly free before: whole domains are kept for gangs.</param>
/// <param name="Left">Accelerators that stay free in its domains.</param>
/// <param name="CleanLeft">Wholly free domains of the site's pool after it; here more is better.</param>
/// <param name="Spread">Whether the emptiest domains are wanted: then whatever is opened for it, and the more is left the better.</param>
public readonly record struct PlacementScore(int Preference, long ToCopy, int Floors, int Rows, int Opened, int Left, int CleanLeft, bool Spread = false) : IComparable<PlacementScore>
{
    /// <summary>Whether the left one is better.</summary>
    public static bool operator <(PlacementScore left, PlacementScore right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left one is worse.</summary>
    public static bool operator >(PlacementScore left, PlacementScore right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left one is better or as good.</summary>
    public static bool operator <=(PlacementScore left, PlacementScore right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left one is worse or as good.</summary>
    public static bool operator >=(PlacementScore left, PlacementScore right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(PlacementScore other)
    {
        var order = Preference.CompareTo(other.Preference);
        order = order != 0 ? order : ToCopy.CompareTo(other.ToCopy);
        order = order != 0 ? order : Floors.CompareTo(other.Floors);
        order = order != 0 ? order : Rows.CompareTo(other.Rows);
        order = order != 0 ? order : Spread ? 0 : Opened.CompareTo(other.Opened);
        order = order != 0 ? order : Spread ? other.Left.CompareTo(Left) : Left.CompareTo(other.Left);
        return order != 0 ? order : other.CleanLeft.CompareTo(CleanLeft);
    }

    /// <summary>A clause for people.</summary>
    public override string ToString() =>
        $"{Floors} floor{(Floors == 1 ? string.Empty : "s")}, {Rows} row{(Rows == 1 ? string.Empty : "s")}, {Opened} clean domain{(Opened == 1 ? string.Empty : "s")} opened, {Left} left beside it{(ToCopy == 0 ? string.Empty : $", {ByteCount.Format(ToCopy)} to copy")}";
}

/// <summary>A job that is stopped for another. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="IsOwned">Whether it was on guaranteed quota; then it is of the same queue and a lower priority.</param>
/// <param name="LossAcceleratorMilliseconds">What is lost: accelerators × (time since its last sealed checkpoint + what stopping costs).</param>
public sealed record Victim(long Job, bool IsOwned, long LossAcceleratorMilliseconds);
