using System.Collections.Immutable;
using Superfactory.Core.Records;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Folding;

/// <summary>Folds what links carry, and the routes that rates are reserved on.</summary>
internal static class RateFold
{
    public static FactoryState Apply(FactoryState state, LinkChanged record)
    {
        var (name, links) = (FactoryLink.NameOf(record.A, record.B), record.Measured ? state.MeasuredLinks : state.Links);
        links = record.BitsPerSecond is { } bits
            ? links.SetItem(name, new FactoryLink { A = record.A, B = record.B, BitsPerSecond = bits, Since = record.At, Reason = record.Reason, Measured = record.Measured })
            : links.Remove(name);
        return record.Measured ? state with { MeasuredLinks = links } : state with { Links = links };
    }

    public static FactoryState Apply(FactoryState state, RatesRouted record)
    {
        var job = state.Jobs[record.Job];
        return state.WithJob(job.Islands.IsEmpty && job.Planned is { } planned ? job with { Planned = planned with { Rates = record.Rates } } : job with { Rates = record.Rates });
    }

    /// <summary>What a job has reserved when an island that had been left out comes back.</summary>
    public static ImmutableArray<WanReservation> With(FactoryJob job, string island, ImmutableArray<WanReservation> rates) =>
        rates.IsEmpty ? job.Rates : [.. job.Rates.Where(rate => rate.From != island && rate.To != island), .. rates];
}
