using Superfactory.Core.Planning;
using Superfactory.Model.Views;
using Superfactory.Scheduling;

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
            DeadlineUnixMilliseconds = job.Specification.Deadline == 0 ? null : job.SubmittedAt + (job.Specification.Deadline * 1000L),
        };
        if (view.State != JobState.Queued || job.Role is not null)
        {
            return view;
        }

        view = view with { Place = PlaceOf(state, job) };
        if (job.Planned is { } planned)
        {
            return view with { Lacks = WhyKind.Jobs, Jobs = planned.Awaited, Sites = [.. planned.Sites.Except(planned.Withheld, StringComparer.Ordinal)] };
        }

        var placements = FleetPlacement.Plan(state, now);
        foreach (var (other, placement) in placements)
        {
            if (other == id && placement.Sites.IsEmpty)
            {
                return Lacks(view, placement);
            }
        }

        return view;
    }

    /// <summary>When a job is expected to end: one that waits, if it starts when that is reserved; null where nobody knows.</summary>
    internal static long? EndOf(FactoryJob job) =>
        job.End is not null || job.Specification.Duration == 0 ? null
        : !job.Islands.IsEmpty ? job.PlacedAt + FleetMaker.Left(job)
        : job.Reserved is { } reserved ? reserved.At + FleetMaker.Left(job) : null;

    private static int PlaceOf(FactoryState state, FactoryJob job) => 1 + state.OpenJobs.Select(other => state.Jobs[other]).Count(other =>
        other is { Role: null, Islands.IsEmpty: true, CancelRequested: false, Held: false, Planned: null }
        && (other.Specification.Priority, -other.SubmittedAt, -other.Id).CompareTo((job.Specification.Priority, -job.SubmittedAt, -job.Id)) > 0);

    private static WhyView Lacks(WhyView view, Placement placement) =>
        placement.Paused is { } paused ? view with { Lacks = WhyKind.Paused, At = paused }
        : placement.NotBefore > 0 ? view with { Lacks = WhyKind.Time, StartsUnixMilliseconds = view.StartsUnixMilliseconds ?? placement.NotBefore }
        : !placement.Away.IsEmpty ? view with { Lacks = WhyKind.Sites, At = string.Join(',', placement.Away) }
        : placement.Wanted > 0 ? view with { Lacks = WhyKind.Sites, Missing = placement.Wanted - placement.Connected.Length }
        : placement.IsBehind ? view with { Lacks = WhyKind.Jobs, Jobs = placement.Ahead }
        : placement.Reason switch
        {
            PendingReason.Role role => Lacks(view, placement with { Reason = role.Lacks }),
            PendingReason.Accelerators lacks => view with { Lacks = WhyKind.Accelerators, Missing = lacks.Missing, Hardware = lacks.Hardware, At = lacks.Domain, Jobs = placement.Ahead },
            PendingReason.Quota lacks => view with { Lacks = WhyKind.Quota, Missing = lacks.Missing, Hardware = lacks.Hardware, At = lacks.Queue },
            PendingReason.Lending lacks => view with { Lacks = WhyKind.Lending, Missing = lacks.Missing, Hardware = lacks.Hardware },
            PendingReason.Power lacks => view with { Lacks = WhyKind.Power, Missing = lacks.Watts, At = lacks.Budget },
            PendingReason.Wan lacks => view with { Lacks = WhyKind.Rate, Missing = lacks.BytesPerSecond, At = $"{lacks.From} to {lacks.To}" },
            PendingReason.Reserved into => view with { Lacks = WhyKind.Reserved, Jobs = [into.Job] },
            PendingReason.Time time => view with { Lacks = WhyKind.Time, StartsUnixMilliseconds = view.StartsUnixMilliseconds ?? time.UntilMilliseconds },
            PendingReason.Never => view with { Lacks = WhyKind.Never },
            _ => view,
        };
}
