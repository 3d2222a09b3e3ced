using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Planning;

/// <summary>
/// Keeps what is reserved within what links carry. Where a link carries less than it did, the rates over it are reserved on other routes, of the greater priority first and then of
/// the job that was placed earlier; a job for whose rates there are none saves and stops, and waits until there are.
/// </summary>
internal static class RatePlanner
{
    public static void Plan(Draft draft)
    {
        if (!draft.State.OpenJobs.Union(draft.State.StoppingJobs).Any(id => draft.State.Jobs[id] is { Rates.IsEmpty: false } or { Planned.Rates.IsEmpty: false } or { StrayRates.IsEmpty: false }))
        {
            return;
        }

        var links = FleetRates.Links(draft.State);
        var (now, later) = (FleetRates.Ledger(links), FleetRates.Ledger(links));
        var jobs = draft.State.OpenJobs.Union(draft.State.StoppingJobs).Select(id => draft.State.Jobs[id])
            .OrderByDescending(static job => job.Specification.Priority).ThenBy(static job => job.PlacedAt).ThenBy(static job => job.Id).ToList();
        foreach (var stray in jobs.SelectMany(static job => FleetRates.Stray(job)))
        {
            now.Take(stray);
            later.Take(stray);
        }

        foreach (var job in jobs)
        {
            Keep(draft, job, now);
            if (draft.State.Jobs[job.Id] is { GaveWayTo: 0 } kept)
            {
                foreach (var rate in FleetRates.Held(kept))
                {
                    later.Take(rate);
                }
            }
        }

        foreach (var job in jobs.Where(static job => job is { Planned.Rates.IsEmpty: false, Islands.IsEmpty: true }))
        {
            Keep(draft, job, later, job.Planned!.Rates);
        }
    }

    /// <summary>A job that runs, or stops.</summary>
    private static void Keep(Draft draft, FactoryJob job, WanLedger ledger)
    {
        var held = FleetRates.Held(job);
        if (held.IsEmpty)
        {
            return;
        }

        var fit = held.Where(ledger.TryTake).ToList();
        if (fit.Count == held.Length)
        {
            return;
        }

        var lacking = held.First(rate => !fit.Contains(rate));
        if (job is not { End: null, HoldRequested: false, IsLeaving: false, Held: false })
        {
            draft.Add(new RatesRouted { At = draft.Now, Job = job.Id, Rates = [.. fit], Reason = $"{Broken(draft.State, lacking)} The job is stopping." });
        }
        else if (Reroute(held, fit, ledger) is { } routed)
        {
            // What islands that are left out had is not theirs any more.
            draft.Add(new RatesRouted { At = draft.Now, Job = job.Id, Rates = routed, Reason = $"{Broken(draft.State, lacking)} It goes {string.Join('–', routed[held.IndexOf(lacking)].Route)} now." });
        }
        else
        {
            var reason = $"{Broken(draft.State, lacking)} No other route has room for {WanReservation.Text(lacking.BytesPerSecond)} from {lacking.From} to {lacking.To}.";
            draft.Add(new RatesRouted { At = draft.Now, Job = job.Id, Rates = [.. fit], Reason = reason });
            draft.Add(new JobMoves { At = draft.Now, Job = job.Id, Reason = reason });
            HoldPlanner.Plan(draft, job.Id);
        }
    }

    /// <summary>A job that starts as soon as others have given way.</summary>
    private static void Keep(Draft draft, FactoryJob job, WanLedger ledger, ImmutableArray<WanReservation> planned)
    {
        var fit = planned.Where(ledger.TryTake).ToList();
        if (fit.Count == planned.Length)
        {
            return;
        }

        var lacking = planned.First(rate => !fit.Contains(rate));
        if (Reroute(planned, fit, ledger) is { } routed)
        {
            draft.Add(new RatesRouted { At = draft.Now, Job = job.Id, Rates = routed, Reason = Broken(draft.State, lacking) });
        }
        else
        {
            StartPlanner.Drop(draft, job.Id, Broken(draft.State, lacking));
        }
    }

    /// <summary>The same rates, those that fit as they are and others where there is room; null where there is not, and then no more is taken of the ledger.</summary>
    private static ImmutableArray<WanReservation>? Reroute(ImmutableArray<WanReservation> rates, List<WanReservation> fit, WanLedger ledger)
    {
        var routed = rates.ToBuilder();
        List<WanReservation> taken = [];
        for (var index = 0; index < rates.Length; index++)
        {
            if (fit.Contains(rates[index]))
            {
                continue;
            }

            if (ledger.Reserve(rates[index].From, rates[index].To, rates[index].BytesPerSecond) is not { } other)
            {
                taken.ForEach(ledger.Release);
                return null;
            }

            taken.Add(other);
            routed[index] = other;
        }

        return routed.ToImmutable();
    }

    /// <summary>Why a route does not carry its rate any more.</summary>
    private static string Broken(FactoryState state, WanReservation rate)
    {
        var declared = FleetRates.Declared(state);
        for (var hop = 1; hop < rate.Route.Length; hop++)
        {
            var (a, b) = (rate.Route[hop - 1], rate.Route[hop]);
            if (state.LinkBetween(a, b) is { } link)
            {
                return $"The link between {link.A} and {link.B} {(link.BitsPerSecond == 0 ? "is cut" : $"carries {new Model.Units.Bandwidth(link.BitsPerSecond)}")}: {Sentence.Lower(link.Reason)}";
            }

            if (!declared.Any(link => FactoryLink.NameOf(link.A, link.B) == FactoryLink.NameOf(a, b)))
            {
                return $"There is no link between {a} and {b} any more.";
            }
        }

        return $"The links from {rate.From} to {rate.To} carry less than they did.";
    }
}
