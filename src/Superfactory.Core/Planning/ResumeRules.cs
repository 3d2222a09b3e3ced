using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>From which checkpoint a run goes on, and what each island is told of it.</summary>
internal static class ResumeRules
{
    /// <summary>
    /// The newest checkpoint in the run's present history that a copy is whole of; null where there is none. Newest is what has most rounds: one
    /// of a site that was cut off may be heard of late, and has a later number.
    /// </summary>
    public static FactoryCheckpoint? Newest(FactoryJob job) =>
        job.Checkpoints.Where(checkpoint => checkpoint is { IsUsable: true, Abandoned: false }).MaxBy(checkpoint => (checkpoint.Round, checkpoint.Number));

    /// <summary>The checkpoint that a job goes on from; null where it begins, or the checkpoint is no more.</summary>
    public static FactoryCheckpoint? Of(FactoryState state, FactoryJob job) =>
        job.Resume is { } point && state.Jobs.TryGetValue(point.Job, out var source) ? source.FindCheckpoint(point.Checkpoint) : null;

    /// <summary>Whether some open job still needs a checkpoint to begin or go on from.</summary>
    public static bool IsNeeded(FactoryState state, long job, FactoryCheckpoint checkpoint) => state.OpenJobs.Any(id =>
        state.Jobs[id] is { Resume: { } point } other && point.Job == job && point.Checkpoint == checkpoint.Number
        && (!other.HasRun || (other.Id == job && Newest(other) is not { } newer) || Newest(other)?.Number == checkpoint.Number));

    /// <summary>What a gang is told.</summary>
    public static GangCheckpoints For(FactoryState state, FactoryJob job, FactoryIsland island)
    {
        var from = job.Resume is null ? null : Of(state, job);
        return new GangCheckpoints
        {
            Writes = job.Specification.Checkpoint.Every > 0 && string.Equals(Writer(job), island.Site, StringComparison.Ordinal),
            Hold = job.HoldRequested,
            Restores = job.Resume is not null,
            From = from is { Expired: null } && from.At(island.Site) is { Standing: CheckpointStanding.Whole } copy
                ? new CheckpointAssignment { Job = job.Resume!.Job, Name = copy.Name, Seal = copy.Seal }
                : null,
        };
    }

    /// <summary>The island that writes checkpoints: the epoch's first, or another where that could not.</summary>
    public static string? Writer(FactoryJob job) => job.Epoch is { Members: { IsDefaultOrEmpty: false } members } ? members[job.CheckpointWriter % members.Length].Island : null;

    /// <summary>Whether one of these sites has what the job goes on from; true also where it begins.</summary>
    public static bool IsAtHand(FactoryState state, FactoryJob job, ImmutableArray<string> sites) =>
        job.Resume is null || (Of(state, job) is { Expired: null } from && sites.Any(site => from.At(site) is { Standing: CheckpointStanding.Whole }));

    /// <summary>The sites that have what a job goes on from.</summary>
    public static IEnumerable<string> Sources(FactoryState state, FactoryJob job) =>
        Of(state, job) is not { Expired: null } from ? [] : from.Copies.Where(static copy => copy.Standing == CheckpointStanding.Whole).Select(static copy => copy.Site);

    /// <summary>The checkpoint that a job goes on from as people name it.</summary>
    public static string NameOf(FactoryJob job) => job.Resume!.Job == job.Id ? $"checkpoint {job.Resume.Checkpoint}" : $"checkpoint {job.Resume.Checkpoint} of job {job.Resume.Job}";

    /// <summary>Why a job that goes on from a checkpoint cannot be placed yet, in a sentence; null where nothing is in its way.</summary>
    public static string? WaitsFor(FactoryState state, FactoryJob job)
    {
        if (job.Resume is null)
        {
            return null;
        }

        var what = NameOf(job);
        if (Of(state, job) is not { Expired: null } from)
        {
            return $"Waits for {what}, which is no longer kept: go back to another with 'superfactory rollback {job.Id} --to N', or cancel the job.";
        }

        var copying = from.Copies.Where(copy => copy.Standing == CheckpointStanding.Copying).Select(copy => copy.Site).ToList();
        return copying.Count > 0 ? $"Waits for {what} to be copied to {Sentence.List(copying)}."
            : from.WholeCopies == 0 ? $"Waits for {what}, of which no whole copy is left: {string.Join(' ', from.Copies.Select(copy => copy.Problem))}"
            : $"Waits for {what}, which lies at {Sentence.List(from.Copies.Where(copy => copy.Standing == CheckpointStanding.Whole).Select(copy => copy.Site))}.";
    }
}
