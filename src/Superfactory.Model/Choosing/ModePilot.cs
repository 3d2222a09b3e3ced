using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Choosing;

/// <summary>
/// Decides whether a run that chooses by itself changes its mode, from what its islands measured. Pure; safe for use by several threads.
/// </summary>
/// <remarks>
/// <para>The rule. A run goes on as it does until every member has measured <see cref="StepsMin"/> steps in at least <see cref="RoundsMin"/>
/// whole rounds of its present schedule. Then the present schedule's share is predicted, as are those of all candidates, from the slowest
/// step, the slowest link and the longest round trip.</para>
/// <list type="bullet">
/// <item>The first choice of a run is the first candidate that reaches the target.</item>
/// <item>Later it goes to a staler schedule only where the present one is predicted under the target less the slack: to the first that
/// reaches the target, or else to the one that comes nearest.</item>
/// <item>It goes to a less stale one only where that is predicted to reach the target and the slack.</item>
/// </list>
/// <para>The slack is a quarter of what the target leaves: 0.5 % for a target of 98 %. So a run whose link stays where two schedules are
/// equally good stays with the one that it has, and two changes are never less than <see cref="StepsMin"/> steps apart.</para>
/// </remarks>
public static class ModePilot
{
    /// <summary>Steps that a schedule is measured over at least.</summary>
    public const int StepsMin = 20;

    /// <summary>Whole rounds that it is measured over at least.</summary>
    public const int RoundsMin = 2;

    /// <summary>The slack around the target is one of so many parts of what the target leaves.</summary>
    public const int SlackParts = 4;

    /// <summary>What may be chosen, in order of staleness: every-step; diloco every 10, 30 and 100; streaming with delay 1 to 5.</summary>
    public static ImmutableArray<RunSchedule> Candidates { get; } =
    [
        new(SyncMode.EveryStep, 1), new(SyncMode.Diloco, 10), new(SyncMode.Diloco, 30), new(SyncMode.Diloco, 100),
        .. Enumerable.Range(1, ModeChooser.DelayMax).Select(static delay => new RunSchedule(SyncMode.Streaming, ModeChooser.StreamingEvery, delay)),
    ];

    /// <summary>Whether a measurement is long enough to decide by.</summary>
    public static bool IsEnough(IslandMeasurement measured)
    {
        ArgumentNullException.ThrowIfNull(measured);
        return measured is { LinkBitsPerSecond: > 0, StepMicroseconds: > 0 } && measured.Rounds >= RoundsMin
            && measured.Rounds * measured.Schedule.Every >= StepsMin * (measured.Schedule.Mode == SyncMode.Streaming ? Math.Max(measured.Fragments, 1) : 1);
    }

    /// <summary>Decides.</summary>
    /// <param name="present">What the run merges now, and when.</param>
    /// <param name="chosen">Whether <paramref name="present"/> was chosen; false where the run still has what it began with.</param>
    /// <param name="sync">How the job merges: target and number formats.</param>
    /// <param name="members">What each member measured, in any order; null for one that has not.</param>
    /// <returns>The schedule to go on with, and why; null where not enough is measured under the present one.</returns>
    public static PilotChoice? Decide(RunSchedule present, bool chosen, SyncSpecification sync, ImmutableArray<IslandMeasurement?> members)
    {
        ArgumentNullException.ThrowIfNull(present);
        ArgumentNullException.ThrowIfNull(sync);
        if (members.Length < 2 || members.Any(member => member is null || member.Schedule != present || !IsEnough(member)))
        {
            return null;
        }

        var measured = Together([.. members.Select(member => member!)]);
        var fragments = Math.Clamp(members.Max(static member => member!.Fragments), 1, ModeChooser.StreamingEvery);
        ImmutableArray<MergeSchedule> schedules = [.. Candidates.Select(candidate => Schedule(candidate, sync, fragments))];
        var target = TargetMillionths(sync);
        var slack = (SharePredictor.Whole - target) / SlackParts;
        var (choice, own) = (ModeChooser.Choose(measured, schedules, target), SharePredictor.Predict(measured, Schedule(present, sync, fragments)));
        var (wanted, before) = (schedules.IndexOf(choice.Chosen.Schedule), Candidates.IndexOf(present));
        if (chosen && wanted > before && (own.ShareMillionths >= target - slack || choice.Chosen.ShareMillionths - own.ShareMillionths <= slack))
        {
            wanted = before;
        }
        else if (chosen && wanted < before)
        {
            // What reaches the target by a hair is not worth a change that the next measurement may take back.
            var firmly = ModeChooser.Choose(measured, schedules[..(before + 1)], Math.Min(SharePredictor.Whole, target + slack));
            (wanted, choice) = firmly.ReachesTarget ? (schedules.IndexOf(firmly.Chosen.Schedule), firmly with { TargetMillionths = target }) : (before, choice);
        }

        return wanted == before
            ? new PilotChoice(present, own.ShareMillionths, $"{own} is kept: no less stale mode is predicted to reach {SharePrediction.Percent(target)} of the compute-only rate and {SharePrediction.Percent(slack)} more.")
            : new PilotChoice(Candidates[wanted], choice.Predictions[wanted].ShareMillionths, choice.Reason);
    }

    /// <summary>The share that a job aims at, in millionths.</summary>
    public static int TargetMillionths(SyncSpecification sync)
    {
        ArgumentNullException.ThrowIfNull(sync);
        return (int)Math.Clamp(Math.Round(sync.Target * SharePredictor.Whole), 1, SharePredictor.Whole);
    }

    internal static MergeSchedule Schedule(RunSchedule schedule, SyncSpecification sync, int fragments) => (schedule.Mode switch
    {
        SyncMode.EveryStep => MergeSchedule.EveryStep(sync.FormatIn(schedule.Mode)),
        SyncMode.Streaming => MergeSchedule.Streaming(schedule.Every, fragments, schedule.Delay, sync.FormatIn(schedule.Mode)),
        _ => MergeSchedule.Diloco(schedule.Every, sync.FormatIn(schedule.Mode)),
    }) with { ResultFormat = sync.ResultFormat };

    /// <summary>The slowest of everything: a merge needs all.</summary>
    private static TrainingMeasurement Together(ImmutableArray<IslandMeasurement> members) => new()
    {
        StepTime = Time(members.Max(static member => member.StepMicroseconds)),
        ParameterBytes = Math.Max(members.Max(static member => member.ParameterBytes), sizeof(float)),
        Islands = members.Length,
        LinkRate = new Bandwidth(Math.Min(members.Min(static member => member.LinkBitsPerSecond), Bandwidth.MaxBitsPerSecond)),
        RoundTrip = Time(members.Max(static member => member.RoundTripMicroseconds)),
        OwnWork = Time(members.Max(static member => member.OwnWorkMicroseconds)),
    };

    private static TimeSpan Time(long microseconds) =>
        TimeSpan.FromTicks(Math.Clamp(microseconds, 0, TrainingMeasurement.TimeMax.Ticks / TimeSpan.TicksPerMicrosecond) * TimeSpan.TicksPerMicrosecond);
}

/// <summary>What a run goes on with. Immutable.</summary>
/// <param name="Schedule">What is merged, and when.</param>
/// <param name="PredictedMillionths">The share of the compute-only rate that it is predicted to keep, in millionths.</param>
/// <param name="Reason">Why, in a sentence.</param>
public sealed record PilotChoice(RunSchedule Schedule, int PredictedMillionths, string Reason);
