using System.Collections.Immutable;
using Superfactory.Model.Views;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core;

/// <summary>Reads what is reserved on links. Pure.</summary>
public static class RateReader
{
    /// <summary>Every direction of every link, by sender and receiver.</summary>
    public static ImmutableArray<RateView> Read(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var all = FleetRates.All(state).OrderBy(static each => each.Job.Id).ThenBy(static each => each.Rate.From, StringComparer.Ordinal).ThenBy(static each => each.Rate.To, StringComparer.Ordinal).ToList();
        return
        [
            .. FleetRates.Declared(state).SelectMany(static link => new[] { (Link: link, From: link.A, To: link.B), (Link: link, From: link.B, To: link.A) })
                .OrderBy(static each => each.From, StringComparer.Ordinal).ThenBy(static each => each.To, StringComparer.Ordinal)
                .Select(each => new RateView
                {
                    From = each.From, To = each.To, DeclaredBitsPerSecond = each.Link.Bandwidth.BitsPerSecond,
                    BitsPerSecond = state.LinkBetween(each.From, each.To) is { } now ? Math.Min(now.BitsPerSecond, each.Link.Bandwidth.BitsPerSecond) : each.Link.Bandwidth.BitsPerSecond,
                    Reason = state.LinkBetween(each.From, each.To)?.Reason,
                    Rates = [.. all.Where(one => LeadsOver(one.Rate, each.From, each.To)).Select(static one => Of(one.Job.Id, one.Rate))],
                }),
        ];
    }

    /// <summary>What a job has reserved, or is planned to start with.</summary>
    internal static ImmutableArray<JobRate> Of(FactoryJob job) =>
        [.. (job.Islands.IsEmpty ? job.Planned?.Rates ?? job.Reserved?.Rates ?? [] : FleetRates.Held(job)).Select(rate => Of(job.Id, rate))];

    private static JobRate Of(long job, WanReservation rate) => new(job, rate.Route, rate.BytesPerSecond * 8);

    private static bool LeadsOver(WanReservation rate, string from, string to)
    {
        for (var hop = 1; hop < rate.Route.Length; hop++)
        {
            if (rate.Route[hop - 1] == from && rate.Route[hop] == to)
            {
                return true;
            }
        }

        return false;
    }
}
