using System.Collections.Immutable;
using Superfactory.Cli.Api;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Display;

/// <summary>What is shown of a job that is being followed: a value that each event turns into the next. Immutable.</summary>
internal sealed record RunDisplay
{
    /// <summary>Progress that has to be seen before a time is estimated from it.</summary>
    private const double FractionForEstimate = 0.01;

    /// <summary>Time that has to pass before a time is estimated from it.</summary>
    private static readonly TimeSpan _timeForEstimate = TimeSpan.FromSeconds(1);

    /// <summary>The job's number and name; null before the first event.</summary>
    public (long Id, string Name)? Job { get; init; }

    /// <summary>Its state.</summary>
    public JobState State { get; init; }

    /// <summary>Why.</summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>What it merges and when, where it chooses that by itself; null in other jobs.</summary>
    public ModeView? Merging { get; init; }

    /// <summary>The islands in the job's order.</summary>
    public ImmutableArray<IslandRow> Islands { get; init; } = [];

    /// <summary>How far the run is by the steps taken, 0 to 1.</summary>
    public double Fraction { get; init; }

    /// <summary>Why the control plane cannot be reached; null while it can.</summary>
    public string? Unreachable { get; init; }

    /// <summary>When the run was first seen to move, and how far it was then.</summary>
    public (TimeSpan At, double Fraction)? Began { get; init; }

    /// <summary>The step that the slowest island has reached, and how many there are.</summary>
    public (long Done, long Planned) Steps =>
        Islands.IsEmpty ? (0, 0) : (Islands.Min(static row => row.Steps), Islands.Max(static row => row.StepsPlanned));

    /// <summary>What is shown after an event that came at <paramref name="now"/>, counted from any fixed moment.</summary>
    public RunDisplay With(JobEvent happened, TimeSpan now) => happened switch
    {
        JobEvent.Changed(var job) => WithJob(job).Moved(now),
        JobEvent.Measured(var measurement) => WithIsland(measurement.Island, row => row.With(measurement)).Moved(now),
        JobEvent.Unreachable(var reason) => this with { Unreachable = reason },
        _ => this,
    };

    /// <summary>How long the run still takes at the speed so far; null before that can be said.</summary>
    public TimeSpan? Left(TimeSpan now) =>
        Began is { } began && State == JobState.Running && Fraction < 1 && Fraction - began.Fraction >= FractionForEstimate && now - began.At >= _timeForEstimate
            ? (now - began.At) * ((1 - Fraction) / (Fraction - began.Fraction))
            : null;

    private RunDisplay WithJob(JobView job)
    {
        var known = Islands;
        return this with
        {
            Job = (job.Id, job.Name),
            State = job.State,
            Reason = job.Reason,
            Merging = job.Merging,
            Unreachable = null,
            Islands = [.. job.Islands.Select(view => (known.FirstOrDefault(row => row.Site == view.Site) ?? new IslandRow(view.Site)).With(view))],
            Fraction = job.State == JobState.Completed ? 1 : Math.Max(Fraction, job.Progress),
        };
    }

    private RunDisplay WithIsland(string site, Func<IslandRow, IslandRow> change) =>
        this with { Islands = [.. Islands.Select(row => row.Site == site ? change(row) : row)], Unreachable = null };

    private RunDisplay Moved(TimeSpan now)
    {
        var (done, planned) = Steps;
        var fraction = planned > 0 ? Math.Clamp(Math.Max(Fraction, (double)done / planned), 0, 1) : Fraction;
        var began = Began ?? (State == JobState.Running && fraction > 0 ? (now, fraction) : null);
        return this with { Fraction = fraction, Began = began };
    }
}
