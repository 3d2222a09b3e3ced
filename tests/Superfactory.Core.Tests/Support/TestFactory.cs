using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Support;

/// <summary>A factory whose clock is a number and whose sites do as they are told.</summary>
internal sealed class TestFactory
{
    public FactoryState State { get; private set; } = FactoryState.Empty;

    public long Now { get; private set; } = 1_000_000;

    public List<JournalRecord> Journal { get; } = [];

    public TestFactory After(long milliseconds)
    {
        Now += milliseconds;
        return this;
    }

    public Decision Try(FactoryCommand command) => Factory.Accept(State, command, Now);

    public ImmutableArray<JournalRecord> Do(FactoryCommand command)
    {
        var decision = Try(command);
        decision.Refusal.ShouldBeNull(decision.Refusal?.Problems[0].ToString());
        Journal.AddRange(decision.Records);
        State = decision.Records.Aggregate(State, Factory.Apply);
        return decision.Records;
    }

    public TestFactory Join(string site, string session = "s1", int slots = 1, string gateway = "127.0.0.1:9001")
    {
        Do(new JoinSite(site, Hello(session, slots, gateway)));
        return this;
    }

    public TestFactory Submit(params string[] sites)
    {
        Do(new SubmitJob(Specification(sites)));
        return this;
    }

    /// <summary>A job at atlanta, charged to a queue.</summary>
    public TestFactory SubmitTo(string queue)
    {
        Do(new SubmitJob(Specification("atlanta") with { Queue = queue }));
        return this;
    }

    public TestFactory SubmitAnywhere(int count)
    {
        Do(new SubmitJob(Specification() with { SiteCount = count }));
        return this;
    }

    public TestFactory Report(string site, params GangReport[] gangs)
    {
        Do(new ReportGangs(site, State.Sites[site].Session, [.. gangs]));
        return this;
    }

    public TestFactory Run(long job, params string[] sites)
    {
        foreach (var site in sites)
        {
            Report(site, Gang(job, GangState.Running, Job(job).Islands.Single(island => island.Site == site).Incarnation));
        }

        return this;
    }

    /// <summary>A gang promises to leave its present epoch, holding the results of all rounds before one.</summary>
    public TestFactory Promise(long job, string site, long round) =>
        Report(site, Present(job, site) with { Promise = new SealPromise(Job(job).Epoch!.Number, round) });

    /// <summary>A gang says that it is level.</summary>
    public TestFactory Level(long job, string site) => Report(site, Present(job, site) with { LevelIn = Job(job).Epoch!.Number });

    /// <summary>A gang waits for others and does not hear them.</summary>
    public TestFactory Miss(long job, string site, params string[] others) => Report(site, Present(job, site) with { Missing = [.. others] });

    /// <summary>A gang measured its rounds.</summary>
    public TestFactory Measure(long job, string site, IslandMeasurement measured) =>
        Report(site, Present(job, site) with { Progress = new RunProgress { Epoch = Job(job).Epoch!.Number, Schedule = measured.Schedule, Measured = measured } });

    /// <summary>A gang does not accept another island any more.</summary>
    public TestFactory Reject(long job, string site, string other) => Report(site, Present(job, site) with
    {
        Rejected = [new IslandRejection(other, "3 of its contributions in a row were refused.")], Progress = new RunProgress { Epoch = Job(job).Epoch!.Number },
    });

    public TestFactory Tick()
    {
        Do(new Tick(ImmutableSortedDictionary<string, long>.Empty));
        return this;
    }

    public GangReport Present(long job, string site) => Gang(job, GangState.Running, Job(job).Islands.Single(island => island.Site == site).Incarnation);

    public TestFactory Lose(params string[] sites)
    {
        var heard = Now;
        After(FactoryLimits.LeaseMilliseconds);
        Do(new Tick(ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, sites.Select(site => KeyValuePair.Create(site, heard)))));
        return this;
    }

    /// <summary>A site tells of these checkpoints, which are all that lie there, and that its gangs go on.</summary>
    public TestFactory Lie(string site, params CheckpointReport[] checkpoints)
    {
        var gangs = InstructionsReader.Read(State, site).Gangs.Select(gang => Gang(gang.Job, GangState.Running, gang.Incarnation));
        Do(new ReportGangs(site, State.Sites[site].Session, [.. gangs]) { Checkpoints = [.. checkpoints] });
        return this;
    }

    /// <summary>A site tells of these corpora, which are all that lie there, and that its gangs go on.</summary>
    public TestFactory Hold(string site, params CorpusReport[] corpora)
    {
        Do(new ReportGangs(site, State.Sites[site].Session, [.. Running(site)]) { Corpora = [.. corpora] });
        return this;
    }

    /// <summary>Every copy between sites arrives.</summary>
    public TestFactory Arrive()
    {
        foreach (var copy in State.OpenCopies.Select(id => State.Copies[id]).ToList())
        {
            Do(new ReportGangs(copy.Destination.Site, State.Sites[copy.Destination.Site].Session, [.. Running(copy.Destination.Site)])
            {
                Copies = [new CopyReport { Copy = copy.Id, Role = CopyRole.Destination, Phase = CopyPhase.Completed }],
            });
        }

        return this;
    }

    private IEnumerable<GangReport> Running(string site) => InstructionsReader.Read(State, site).Gangs.Select(gang => Gang(gang.Job, GangState.Running, gang.Incarnation));

    public static CheckpointReport Checkpoint(long job, long round, string island, int epoch = 1, bool held = false, bool finished = false, string? problem = null, long verified = 0, string name = "") => new()
    {
        Job = job,
        Name = $"round-{round:D8}-{name}{(held ? island : "shared")}",
        Seal = new string('a', 64),
        Island = island,
        Round = round,
        Epoch = epoch,
        Islands = ["wisconsin", "atlanta"],
        Mode = SyncMode.Diloco,
        Finished = finished,
        Held = held,
        HasTrainer = held,
        StateHash = $"{round:x16}",
        Ledger = new LedgerTotals(100, round, 0, 100 - round),
        Directory = "/checkpoints",
        Problem = problem,
        Verified = verified,
    };

    public FactoryJob Job(long id) => State.Jobs[id];

    public JobState StateOf(long id) => new JobReader(State).StateOf(Job(id));

    public string ReasonOf(long id) => new JobReader(State).ReasonOf(Job(id), Now);

    public static AgentHello Hello(string session, int slots = 1, string gateway = "127.0.0.1:9001") => new()
    {
        Protocol = FactoryJson.ProtocolVersion,
        Session = session,
        Host = "machine",
        ProcessId = 77,
        Gateway = gateway,
        Slots = slots,
        CheckpointDirectory = "/checkpoints",
        Version = "0.1.0",
    };

    public static JobSpecification Specification(params string[] sites)
        => new() { Name = "docs-gpt", Sites = [.. sites], Budget = new BudgetSpecification { Steps = 400 } };

    public static GangReport Gang(long job, GangState state, int incarnation = 1, string? reason = null, bool retriable = false, string hash = "ab")
        => new()
        {
            Job = job,
            Incarnation = incarnation,
            State = state,
            Reason = reason,
            Retriable = retriable,
            Result = state != GangState.Finished ? null : new IslandResult
            {
                ParametersSha256 = hash,
                Steps = 400,
                Tokens = 1,
                TrainingSeconds = 1,
                WallSeconds = 1,
                Rounds = 1,
                ParameterBytes = 4,
            },
        };
}
