using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Core.Commands;
using Superfactory.Core.Tests.Lifecycle;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Properties;

/// <summary>One thing that may happen, as numbers that are made sense of against the state that it meets.</summary>
internal sealed record Move(int Kind, int Site, int Job, int Pick, int Milliseconds);

/// <summary>Random schedules of everything that may enter the factory.</summary>
internal static class Schedule
{
    private static readonly string[] Sites = ["atlanta", "texas", "wisconsin"];

    private static readonly Gen<Move> OneMove =
        from kind in Gen.Choose(0, 52)
        from site in Gen.Choose(0, Sites.Length - 1)
        from job in Gen.Choose(1, 6)
        from pick in Gen.Choose(0, 7)
        from milliseconds in Gen.Choose(0, 3_000)
        select new Move(kind, site, job, pick, milliseconds);

    public static Arbitrary<Move[]> Moves { get; } = Arb.From(OneMove.ArrayOf(), Shrink);

    public static FactoryCommand Command(FactoryState state, Move move, long now)
    {
        var site = Sites[move.Site];
        state.Sites.TryGetValue(site, out var known);
        return move.Kind switch
        {
            0 => new JoinSite(site, TestFactory.Hello($"{site}-{move.Pick}", slots: move.Pick % 3) with { EmulatedWan = move.Milliseconds % 8 > 0 ? "60mbit,10ms" : null, GangLeaseSeconds = move.Job }),
            1 => new JoinSite(site, TestFactory.Hello(known?.Session ?? $"{site}-0", slots: known?.Slots ?? 0) with { EmulatedWan = known?.EmulatedWan, GangLeaseSeconds = known?.GangLeaseSeconds ?? 0 }),
            2 => new SubmitJob(Ranked(state, move, Specification([.. Sites.Where((_, index) => ((move.Pick | 1) & (1 << index)) != 0)]))),
            39 => new SetPaused(state.Queues.Queues[move.Job % state.Queues.Queues.Length].Name, move.Pick < 3),
            46 or 47 or 48 => new ChangeLink(site, Sites[(move.Site + 1) % Sites.Length], move.Pick switch { < 3 => 0, < 6 => 10_000_000L * (1 + (move.Milliseconds % 8)), _ => null }),
            49 or 50 => new MeasureLink(site, Sites[(move.Site + 1) % Sites.Length], move.Pick switch { < 3 => 0, < 6 => 10_000_000L * (1 + (move.Milliseconds % 8)), _ => null }, "They measured it."),
            45 => new ApplyFleet($"name: f\n{(move.Pick % 2 == 0 ? $"power: {500 + (25 * (move.Milliseconds % 12))}W" : string.Empty)}\nsites: [{string.Join(", ", Sites.Where((_, index) => (move.Pick & (1 << index)) == 0).DefaultIfEmpty(site).Select(name => $"{{name: {name}, power: {150 + (25 * (1 + (move.Milliseconds % 7)))}W, racks: {{hardware: cpu, slots: {1 + (move.Milliseconds % 3)}, count: {1 + (move.Job % 3)}}}{(move.Job == 6 ? ", placement: site" : string.Empty)}}}"))}]{Links(move)}"),
            41 => new TakeOut(Place(state, site, move), OutageState.Draining, move.Pick > 4 ? now + FactoryLimits.DrainNoticeMilliseconds + (2 * move.Milliseconds) : null),
            42 => new TakeOut(Place(state, site, move), move.Pick < 4 ? OutageState.Failed : OutageState.Quarantined, null, "It smells"),
            43 => new ReturnTarget(site),
            44 => new ReturnTarget(state.Outages.IsEmpty ? site : state.Outages.Keys.ElementAt(move.Pick % state.Outages.Count)),
            51 => new ReserveWindow($"w{move.Job}", move.Pick < 3 ? null : now + (4 * move.Milliseconds), Length: 1 + (8 * move.Milliseconds))
            {
                Target = move.Job > 4 ? null : Place(state, site, move), Accelerators = move.Job > 3 ? 1 + (move.Pick % 3) : 0, Queue = move.Job % 3 > 0 ? "default" : null, Job = move.Job % 3 == 0 && move.Pick > 1 ? move.Job : null,
            },
            52 => new CancelWindow($"w{move.Job}"),
            40 => new ReprioritizeJob(move.Job, move.Milliseconds % 4),
            37 or 38 => new ApplyQueues(Queues(move)),
            3 => new SubmitJob(Ranked(state, move, Specification()) with
            {
                SiteCount = 1 + (move.Pick % 4), Sync = new SyncSpecification { Mode = move.Pick > 2 ? SyncMode.Auto : SyncMode.Diloco },
            }),
            4 => new CancelJob(move.Job, move.Pick == 0),
            5 => new LeaveSite(site, known?.Session ?? "none"),
            6 or 30 or 31 => new Tick(state.Sites.Keys.Where((_, index) => (move.Pick & (1 << index)) != 0)
                .ToImmutableSortedDictionary(name => name, _ => now - (2 * move.Milliseconds), StringComparer.Ordinal)) { LeasesOver = move.Job == 1 ? [site] : [] },
            12 => new RequestCopy(new CopyPlace(site, "/a"), new CopyPlace(Sites[move.Job % Sites.Length], "/b")),
            13 => new CancelCopy(move.Job),
            14 => new HoldJob(Saved(state, move), move.Pick == 0),
            15 => new ReleaseJob(Saved(state, move), move.Pick == 0),
            16 => new RollBackJob(Saved(state, move), Pick(state, move)),
            17 => new RestoreJob(Saved(state, move), move.Pick % 2 == 0 ? null : Pick(state, move), move.Pick < 4 ? [] : [site], 0),
            18 => new VerifyCheckpoints(move.Job),
            _ => Report(state, site, known?.Session ?? "none", move),
        };
    }

    /// <summary>A site, or its row, a rack or a node of it where the fleet places it.</summary>
    private static string Place(FactoryState state, string site, Move move) =>
        move.Job % 2 == 0 || state.Fleet?.Placed.Contains(site) != true ? site : (move.Milliseconds % 3) switch { 0 => $"{site}/f1/r1", 1 => $"{site}/f1/r1/k1", _ => $"{site}/f1/r1/k1/n1" };

    /// <summary>A job that keeps as few checkpoints as there may be, so that some expire.</summary>
    private static JobSpecification Specification(params string[] sites) =>
        TestFactory.Specification(sites) with { Checkpoint = new CheckpointSpecification { Keep = 1 } };

    /// <summary>A job of some queue and priority, now and then one that goes on with a single island.</summary>
    private static JobSpecification Ranked(FactoryState state, Move move, JobSpecification job) => move.Pick != 7 && (move.Pick != 1 || move.Milliseconds % 2 == 0) ? Plain(state, move, job) : Plain(state, move, job) with
    {
        IslandsMin = 0, Roles = job.Roles.Add("rollout", new RoleSpecification { Count = 1 + (move.Milliseconds % 3), Command = ["rollout"] }),
    };

    private static JobSpecification Plain(FactoryState state, Move move, JobSpecification job) => job with
    {
        Priority = move.Milliseconds % 3, IslandsMin = move.Milliseconds % 5 < 2 ? 1 : 0, Queue = state.Queues.Queues[move.Job % state.Queues.Queues.Length].Name,
        MinimumRun = move.Milliseconds % 7 == 0 ? 1 : 0, Duration = move.Milliseconds % 3 == 0 ? 1 + (move.Milliseconds % 40) : 0, StartAfter = move.Pick == 5 ? 2 : 0, StartTimeout = 1 + (move.Pick * 2), Count = move.Pick == 6 ? 3 : 1, Wan = Wan(move, job), Peak = move.Pick % 3 == 0 ? 0.5 : 1, ReplaceWithin = move.Pick % 4 * 3,
    };

    private static string Links(Move move)
    {
        var named = Sites.Where((_, index) => (move.Pick & (1 << index)) == 0).ToList();
        var links = named.SelectMany((a, index) => named.Skip(index + 1).Select(b => $"{{between: [{a}, {b}], bandwidth: {10 * (1 + (move.Milliseconds % 11))}mbit, rtt: 10ms}}")).ToList();
        return links.Count == 0 || move.Milliseconds % 4 == 0 ? string.Empty : $"\nlinks: [{string.Join(", ", links)}]";
    }

    private static WanSpecification? Wan(Move move, JobSpecification job) => job.IslandsMax < 2 || move.Milliseconds % 2 == 0 ? null
        : move.Milliseconds % 5 == 0 ? new WanSpecification { Parameters = 0.5, Step = 0.9 } : new WanSpecification { Rate = new Bandwidth(1 + (10_000_000L * (move.Milliseconds % 4))) };

    private static QueueSet Queues(Move move) => new([
        new QueueSpecification { Name = "default", Quotas = move.Pick % 3 == 0 ? [new QuotaSpecification("cpu", 0, BorrowingLimit: 2)] : [] },
        new QueueSpecification { Name = "research", Weight = 1 + (move.Pick % 2), Quotas = [new QuotaSpecification("cpu", move.Pick % 4)] },
    ]);

    /// <summary>The site tells of the gangs that it was given, one of them in some state; now and then also of one that it no longer should have.</summary>
    private static ReportGangs Report(FactoryState state, string site, string session, Move move)
    {
        var given = state.Sites.ContainsKey(site) ? InstructionsReader.Read(state, site).Gangs : [];
        var gangs = given.Select((gang, index) => index == move.Job % Math.Max(1, given.Length) && move.Milliseconds % 4 == 0
            ? Changed(gang.Job, gang.Incarnation, move.Pick)
            : Membership(gang, move));
        var stale = move.Milliseconds % 3 == 0 ? [Changed(move.Job, 1 + (move.Pick % 3), move.Pick)] : Array.Empty<GangReport>();
        return new ReportGangs(site, session, [.. gangs, .. stale]) 
        {
            Copies = [.. Copies(state, site, move)],
            Checkpoints = move.Kind >= 19 ? [.. Checkpoints(state, site, given, move)] : null,
        };
    }

    /// <summary>What lies at a site: what was ordered there, as it should be but for one; and now and then a new one of a gang.</summary>
    private static IEnumerable<CheckpointReport> Checkpoints(FactoryState state, string site, ImmutableArray<GangAssignment> given, Move move)
    {
        var ordered = state.Sites.ContainsKey(site) ? InstructionsReader.Read(state, site).Checkpoints : [];
        foreach (var (assignment, index) in ordered.Select((assignment, index) => (assignment, index)))
        {
            var known = state.Jobs[assignment.Job].Checkpoints.First(checkpoint => checkpoint.At(site)?.Name == assignment.Name);
            if (!assignment.Remove && (move.Pick != 5 || index > 0))
            {
                yield return TestFactory.Checkpoint(assignment.Job, known.Round, known.At(site)!.Island, known.Epoch, known.Held, known.Finished) with
                {
                    Name = assignment.Name,
                    Problem = move.Pick == 6 && index == 0 ? "The checkpoint's part history.bin was altered." : null,
                    Verified = assignment.Verify,
                };
            }
        }

        foreach (var gang in given.Where(_ => move.Pick < 5))
        {
            var hold = gang.Checkpoints is { Hold: true };
            yield return TestFactory.Checkpoint(gang.Job, hold ? 50 : move.Milliseconds % 20, site, gang.Epoch.Number, held: hold, name: $"{gang.Epoch.Number}-{move.Pick % 2}-");
        }
    }

    /// <summary>A job that has checkpoints, where there is one.</summary>
    private static long Saved(FactoryState state, Move move) => state.CheckpointedJobs.IsEmpty ? move.Job : state.CheckpointedJobs[move.Job % state.CheckpointedJobs.Count];

    private static long Pick(FactoryState state, Move move) =>
        state.Jobs.TryGetValue(Saved(state, move), out var job) && !job.Checkpoints.IsEmpty ? job.Checkpoints[move.Pick % job.Checkpoints.Length].Number : move.Pick;

    /// <summary>A living gang does what its epoch asks of it, or not yet, and misses whom it misses.</summary>
    private static GangReport Membership(GangAssignment gang, Move move) => TestFactory.Gang(gang.Job, GangState.Running, gang.Incarnation) with
    {
        Promise = gang.Epoch.Sealed && move.Pick % 4 == 1 ? new SealPromise(gang.Epoch.Number - (move.Pick == 5 && move.Milliseconds % 2 == 0 ? 1 : 0), (move.Milliseconds % 5) - 1) : null,
        LevelIn = move.Pick > 2 ? gang.Epoch.Number : 0,
        Rejected = [.. gang.Epoch.Members.Select(member => member.Island).Where(name => name != gang.Island).Where((_, index) => move.Pick == 4 && index == 0).Select(name => new IslandRejection(name, "3 of its contributions in a row were refused."))],
        Progress = new RunProgress
        {
            Epoch = gang.Epoch.Number,
            Measured = gang.Epoch.Schedule is { } schedule ? ModeChoiceTests.Measured(schedule, 1_000_000L << (move.Pick * 3), rounds: move.Milliseconds % 40) : null,
        },
        Missing = [.. gang.Epoch.Members.Select(member => member.Island).Where(name => name != gang.Island).Where((_, index) => move.Pick is 1 or 5 || move.Pick == 2 + index)],
    };

    private static IEnumerable<CopyReport> Copies(FactoryState state, string site, Move move)
        => (state.Sites.ContainsKey(site) ? InstructionsReader.Read(state, site).Copies : []).Select((copy, index) => new CopyReport
        {
            Copy = copy.Copy,
            Role = copy.Role,
            Phase = index > 0 ? CopyPhase.Running : move.Pick switch { 0 => CopyPhase.Failed, 1 or 2 or 4 or 7 => CopyPhase.Completed, 3 => CopyPhase.Waiting, _ => CopyPhase.Running },
            Reason = move.Pick == 0 ? "The disk is full." : null,
        });

    private static GangReport Changed(long job, int incarnation, int pick) => pick switch
    {
        0 => TestFactory.Gang(job, GangState.Failed, incarnation, "The loss is NaN."),
        1 or 2 => TestFactory.Gang(job, GangState.Failed, incarnation, "The bridge was lost.", retriable: true),
        3 or 4 => TestFactory.Gang(job, GangState.Finished, incarnation, hash: pick == 3 ? "aa" : "bb"),
        5 => TestFactory.Gang(job, GangState.Stopped, incarnation),
        6 => TestFactory.Gang(job, GangState.Starting, incarnation),
        _ => TestFactory.Gang(job, GangState.Running, incarnation) with { CheckpointFailures = 1, CheckpointFailure = "The disk is full." },
    };

    // A shorter schedule is a simpler one: first halves of it left out, then single moves.
    private static IEnumerable<Move[]> Shrink(Move[] moves)
    {
        for (var length = moves.Length / 2; length > 0; length /= 2)
        {
            for (var start = 0; start + length <= moves.Length; start += length)
            {
                yield return [.. moves[..start], .. moves[(start + length)..]];
            }
        }
    }
}
