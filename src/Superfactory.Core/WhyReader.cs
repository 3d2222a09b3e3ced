using System.Collections.Immutable;
using Superfactory.Core.Planning;
using Superfactory.Model.Views;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Pending;

namespace Superfactory.Core;

/// <summary>Reads why a job is where it is, and what would let it start if it waits. Pure.</summary>
public static class WhyReader
{
    /// <summary>Reads it of one job.</summary>
    /// <returns>What is known; null where there is no such job.</returns>
    public static WhyView? Read(FactoryState state, long id, long now)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.Jobs.TryGetValue(id, out var job))
        {
            return null;
        }

        var reader = new JobReader(state);
        var view = new WhyView
        {
            Job = id, Name = job.Specification.Name, State = reader.StateOf(job), Reason = reader.ReasonOf(job, now),
            StartsUnixMilliseconds = job.Reserved?.At, Sites = job.Reserved?.Sites ?? [], Rates = RateReader.Of(job), EndsUnixMilliseconds = EndOf(job),
            Reservations = ReservationReader.Of(state, job, now),
            DeadlineUnixMilliseconds = job.Specification.Deadline == 0 ? null : job.SubmittedAt + (job.Specification.Deadline * 1000L),
        };
        if (view.State != JobState.Queued || job.Role is not null)
        {
            return view;
        }

        ImmutableArray<string> sites = job.Planned is { } planned ? [.. planned.Sites.Except(planned.Withheld, StringComparer.Ordinal)] : view.Sites;
        return view with { Place = PlaceOf(state, job), Needs = NeedsOf(state, job, now), Sites = sites, Inputs = InputRules.Views(state, job, sites) };
    }

    /// <summary>All that a job lacks which waits: exactly where it is among the first that wait, else those of its queue that go before it.</summary>
    internal static ImmutableArray<WhyNeed> NeedsOf(FactoryState state, FactoryJob job, long now)
    {
        if (job.Planned is { } planned)
        {
            return planned.Awaited.IsEmpty ? [] : [new WhyNeed(WhyKind.Running) { Missing = planned.Awaited.Length, Jobs = planned.Awaited }];
        }

        if (PlaceOf(state, job) > Backlog.ExactMax && Ahead(state, job) is { Missing: > 0 } ahead)
        {
            return [ahead];
        }

        var lack = FleetPlacement.Lacking(state, job, now);
        if (lack.IsStopping)
        {
            return [];
        }

        List<WhyNeed> needs = [];
        if (lack.Paused is { } paused)
        {
            needs.Add(new WhyNeed(WhyKind.Paused) { At = paused });
        }

        if (lack.NotBefore > 0)
        {
            needs.Add(new WhyNeed(WhyKind.Time) { UntilUnixMilliseconds = lack.NotBefore });
        }

        if (lack.Sites is { Away.IsEmpty: false } away)
        {
            needs.Add(new WhyNeed(WhyKind.Sites) { At = string.Join(',', away.Away), Missing = away.Away.Length });
        }
        else if (lack.Sites is { Wanted: > 0 } few)
        {
            needs.Add(new WhyNeed(WhyKind.Sites) { Missing = few.Wanted - few.Connected.Length });
        }

        var placed = FleetPlaces.Sites(state);
        IEnumerable<PendingReason> all = lack.All switch { null => [], PendingReason.Several several => several.Needs, { } one => [one] };
        return [.. needs, .. all.Select(need => Need(state, job, placed, need))];
    }

    /// <summary>When a job is expected to end: one that waits, if it starts when that is reserved; null where nobody knows.</summary>
    internal static long? EndOf(FactoryJob job) =>
        job.End is not null || job.Specification.Duration == 0 ? null
        : !job.Islands.IsEmpty ? job.PlacedAt + FleetMaker.Left(job)
        : job.Reserved is { } reserved ? reserved.At + FleetMaker.Left(job) : null;

    private static int PlaceOf(FactoryState state, FactoryJob job) => 1 + state.OpenJobs.Select(other => state.Jobs[other]).Count(other =>
        other is { Role: null, Islands.IsEmpty: true, CancelRequested: false, Held: false, Planned: null }
        && (other.Specification.Priority, -other.SubmittedAt, -other.Id).CompareTo((job.Specification.Priority, -job.SubmittedAt, -job.Id)) > 0);

    private static WhyNeed Need(FactoryState state, FactoryJob job, ImmutableHashSet<string> placed, PendingReason reason) => reason switch
    {
        PendingReason.Role role => Need(state, job, placed, role.Lacks) with { Role = role.Name },
        PendingReason.Accelerators lacks => At(state, job, placed, lacks),
        PendingReason.Quota lacks => new WhyNeed(WhyKind.Quota) { Missing = lacks.Missing, Hardware = lacks.Hardware, At = lacks.Queue },
        PendingReason.Lending lacks => new WhyNeed(WhyKind.Lending) { Missing = lacks.Missing, Hardware = lacks.Hardware, At = lacks.Queue },
        PendingReason.Power lacks => new WhyNeed(WhyKind.Power) { Missing = lacks.Watts, At = lacks.Budget },
        PendingReason.Wan lacks => new WhyNeed(WhyKind.Rate) { Missing = lacks.BytesPerSecond, At = $"{lacks.From} to {lacks.To}" },
        PendingReason.Behind => Ahead(state, job),
        PendingReason.After after => new WhyNeed(WhyKind.Jobs) { At = after.Queue, Jobs = [after.Job], Missing = after.Jobs },
        PendingReason.Running running => new WhyNeed(WhyKind.Running) { Jobs = [running.Job], Missing = 1 },
        PendingReason.Reserved { Window: not 0 and var number } into when WindowRules.Find(state, number) is { } window =>
            new WhyNeed(WhyKind.Reserved) { At = window.Name, UntilUnixMilliseconds = into.AtMilliseconds, OverUnixMilliseconds = window.Until },
        PendingReason.Reserved into => new WhyNeed(WhyKind.Reserved) { Jobs = [into.Job], UntilUnixMilliseconds = into.AtMilliseconds },
        PendingReason.Time time => new WhyNeed(WhyKind.Time) { UntilUnixMilliseconds = time.UntilMilliseconds },
        _ => new WhyNeed(WhyKind.Never),
    };

    /// <summary>Accelerators, and who holds them. Where the site places its own gangs they are counted by site.</summary>
    private static WhyNeed At(FactoryState state, FactoryJob job, ImmutableHashSet<string> placed, PendingReason.Accelerators lacks)
    {
        var site = lacks.Domain.Split('/')[0];
        var at = placed.Contains(site) ? lacks.Domain : site;
        var holders = state.OpenJobs.Union(state.StoppingJobs).Where(id => id != job.Id && state.Jobs[id] is var other
            && other.Islands.AddRange(other.Strays).Any(island => island.HoldsSlot && island.Site == site && other.HardwareOf(island) == lacks.Hardware && (at == site || island.Places.Contains(at))));
        return new WhyNeed(WhyKind.Accelerators) { Missing = lacks.Missing, Hardware = lacks.Hardware, At = at, Jobs = [.. holders.Take(SlotLedger.AheadMax)] };
    }

    /// <summary>Those of its queue that go before it.</summary>
    private static WhyNeed Ahead(FactoryState state, FactoryJob job)
    {
        var before = FleetPlacement.Before(state, job).Select(static other => other.Id).ToList();
        return new WhyNeed(WhyKind.Jobs) { Jobs = [.. before.Take(SlotLedger.AheadMax)], Missing = before.Count };
    }
}
