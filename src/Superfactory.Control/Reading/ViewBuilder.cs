using System.Collections.Immutable;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Views;

namespace Superfactory.Control.Reading;

/// <summary>Makes what the API shows from a state of the factory and the newest telemetry. Waits for nobody; safe to use from any thread.</summary>
internal sealed class ViewBuilder(IslandBoard board, LeaseClock leases, TimeProvider time)
{
    public JobView Job(FactoryState state, FactoryJob job) => Job(new JobReader(state), job);

    /// <summary>All jobs, by number.</summary>
    public ImmutableArray<JobView> Jobs(FactoryState state)
    {
        var reader = new JobReader(state);
        return [.. state.Jobs.Values.Select(job => Job(reader, job))];
    }

    /// <summary>All sites, by name.</summary>
    public ImmutableArray<SiteView> Sites(FactoryState state) => [.. state.Sites.Values.Select(site => Site(state, site))];

    /// <summary>Every direction of every link that was reported, by sender and receiver.</summary>
    public ImmutableArray<LinkView> Links(FactoryState state) =>
    [
        .. from site in state.Sites.Values
           where site.Standing != SiteStanding.Left
           from link in board.Links(site.Name).OrderBy(link => link.Peer, StringComparer.Ordinal)
           select LinkView.Of(site.Name, site.Standing == SiteStanding.Connected, leases.HeardAt(site), link),
    ];

    public SiteView Site(FactoryState state, FactorySite site) => new()
    {
        Name = site.Name,
        Connected = site.Standing == SiteStanding.Connected,
        Host = site.Host,
        ProcessId = site.ProcessId,
        Gateway = site.Gateway,
        Slots = (int)FleetCapacity.Kinds(state, site.Name).Sum(kind => FleetCapacity.Declared(state, site.Name, kind)),
        SlotsHeld = state.AcceleratorsHeld(site.Name),
        Jobs = [.. state.JobsHoldingSlots(site.Name)],
        Links = board.Links(site.Name),
        CallersRefused = board.CallersRefused(site.Name),
        EmulatedWan = site.EmulatedWan,
        Version = site.Version,
        HeardUnixMilliseconds = leases.HeardAt(site),
    };

    /// <summary>The checkpoints of a job, by number.</summary>
    public static CheckpointList Checkpoints(FactoryState state, FactoryJob job) => new(job.Id, job.VerifyRequest, [.. job.Checkpoints.Select(checkpoint => new CheckpointView
    {
        Number = checkpoint.Number,
        Round = checkpoint.Round,
        Epoch = checkpoint.Epoch,
        Islands = checkpoint.Islands,
        Mode = checkpoint.Mode,
        Finished = checkpoint.Finished,
        Held = checkpoint.Held,
        Abandoned = checkpoint.Abandoned,
        Expired = checkpoint.Expired,
        StateHash = checkpoint.StateHash,
        Ledger = checkpoint.Ledger,
        Steps = checkpoint.Steps,
        Tokens = checkpoint.Tokens,
        Bytes = checkpoint.Bytes,
        SealedUnixMilliseconds = checkpoint.SealedAt,
        Copies = [.. checkpoint.Copies.Select(copy => new CheckpointCopyView
        {
            Site = copy.Site,
            Connected = state.IsConnected(copy.Site),
            Directory = state.Sites.TryGetValue(copy.Site, out var site) && site.CheckpointDirectory is { } root ? CheckpointPaths.Of(root, job.Id, copy.Name) : null,
            Seal = copy.Seal,
            Standing = copy.Standing,
            Problem = copy.Problem,
            VerifiedUnixMilliseconds = copy.VerifiedAt,
            Verified = copy.Verified,
        })],
    })]);

    private JobView Job(JobReader reader, FactoryJob job)
    {
        var islands = job.Islands.Select(island => Island(job.Id, island)).ToImmutableArray();
        return new JobView
        {
            Id = job.Id,
            Name = job.Specification.Name,
            State = reader.StateOf(job),
            Reason = reader.ReasonOf(job, time.GetUtcNow().ToUnixTimeMilliseconds()),
            SubmittedUnixMilliseconds = job.SubmittedAt,
            StartedUnixMilliseconds = job.StartedAt,
            EndedUnixMilliseconds = job.End?.At,
            Epoch = job.Epoch,
            Progress = job.End?.State == JobState.Completed ? 1.0 : Progress(islands),
            Merging = Merging(job, islands),
            Array = job.Array,
            Role = job.Role,
            Islands = islands,
            Specification = job.Specification,
        };
    }

    private static ModeView? Merging(FactoryJob job, ImmutableArray<IslandView> islands)
    {
        if (job.Epoch?.Schedule is not { } schedule)
        {
            return null;
        }

        const double Whole = SharePredictor.Whole;
        var measured = islands.Select(static island => island.Progress?.Measured).Where(each => each?.Schedule == schedule).ToList();
        return new ModeView
        {
            Schedule = schedule,
            Reason = job.Choice?.Reason ?? $"The run begins so, and chooses when {ModePilot.StepsMin} steps in {ModePilot.RoundsMin} rounds are measured.",
            Target = job.Specification.Sync.Target,
            Predicted = job.Choice?.PredictedMillionths / Whole,
            Measured = measured.Count == 0 ? null : measured.Min(static each => each!.ShareMillionths) / Whole,
        };
    }

    private IslandView Island(long job, FactoryIsland island)
    {
        var live = board.Find(job, island.Site);
        var moved = board.Moved(job, island.Site);
        return new IslandView
        {
            Site = island.Site,
            Hardware = island.Hardware,
            Accelerators = island.Accelerators == 0 ? null : island.Accelerators,
            Places = island.Places,
            Incarnation = island.Incarnation,
            State = island.Gang,
            Reason = island.Reason,
            TrainerRestarts = island.TrainerRestarts,
            Progress = live.Progress,
            Measurement = live.Measurement,
            Result = island.Result,
            WanBytesSent = moved.Sent,
            WanBytesReceived = moved.Received,
        };
    }

    // The island that is furthest has heard of the most merges; the others will hold them too.
    private static double Progress(ImmutableArray<IslandView> islands)
        => islands.Select(island => island.Progress is { } progress && double.IsFinite(progress.Fraction) ? progress.Fraction : 0)
            .DefaultIfEmpty(0)
            .Max();
}
