using System.Collections.Immutable;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Records;

/// <summary>Somebody, or the gateways, said what a link between two sites carries.</summary>
public sealed record LinkChanged : JournalRecord
{
    /// <summary>The site at one end, the first of the two by name.</summary>
    public required string A { get; init; }

    /// <summary>The site at the other.</summary>
    public required string B { get; init; }

    /// <summary>Bits per second each way: 0 where it is cut; null where it carries what it is declared to again, or what was said of it is taken back.</summary>
    public long? BitsPerSecond { get; init; }

    /// <summary>Whether gateways found that; otherwise somebody said it, and his word is gone by until he takes it back.</summary>
    public bool Measured { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }
}

/// <summary>A job's rates are reserved on other routes than before, or some no longer because the job stops.</summary>
public sealed record RatesRouted : PlanRecord
{
    /// <summary>All that is reserved for it from now on.</summary>
    public required ImmutableArray<WanReservation> Rates { get; init; }
}
