using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Properties;

/// <summary>A factory made of a seed, of queues, racks or slots, links and power, to which jobs, faults and orders come, and whose sites do as they are told.</summary>
internal sealed class Life
{
    /// <summary>The sites.</summary>
    public static readonly ImmutableArray<string> Sites = ["atlanta", "texas", "wisconsin"];
    private static readonly string[] _queues = ["default", "products", "research"];

    private readonly Func<FactoryState, JournalRecord, FactoryState> _fold;
    private readonly Func<JobSpecification, JobSpecification> _asked;
    private readonly HashSet<long> _ending = [];
    private readonly Random _random;

    /// <param name="seed">What it is made of.</param>
    /// <param name="fold">How records change the state; null as they do.</param>
    /// <param name="asked">What becomes of a job before it is submitted; null nothing.</param>
    public Life(int seed, Func<FactoryState, JournalRecord, FactoryState>? fold = null, Func<JobSpecification, JobSpecification>? asked = null)
    {
        (_random, _fold, _asked) = (new Random(seed), fold ?? Factory.Apply, asked ?? (static job => job));
        foreach (var site in Sites)
        {
            Do(new JoinSite(site, TestFactory.Hello(site, slots: 2 + Next(4)) with { EmulatedWan = "60mbit,10ms" }));
        }

        if (Next(3) > 0)
        {
            Do(new ApplyFleet($"name: f\npower: {1_000 + (100 * Next(20))}W\nsites: [{string.Join(", ", Sites.Select(name => $"{{name: {name}, {(Next(3) == 0 ? "placement: site, " : string.Empty)}racks: {{hardware: cpu, slots: {2 + Next(3)}, count: {1 + Next(2)}}}}}"))}]\nlinks: [{{between: [atlanta, texas], bandwidth: 40mbit, rtt: 10ms}}, {{between: [texas, wisconsin], bandwidth: 80mbit, rtt: 10ms}}]", "f.yaml"));
        }

        Do(new ApplyQueues(new QueueSet([.. _queues.Select(queue => new QueueSpecification { Name = queue, Weight = 1 + Next(3), Quotas = [new QuotaSpecification("cpu", Next(3), Next(2) == 0 ? null : Next(8), Next(2) == 0 ? null : Next(3))] })])));
    }

    public FactoryState State { get; private set; } = FactoryState.Empty;

    public long Now { get; private set; } = 1_000_000;

    public List<JournalRecord> Journal { get; } = [];

    /// <summary>Something comes; then sites do what they were told.</summary>
    public void Step()
    {
        Now += 1_000 * (1 + Next(90));
        Do(Command());
        if (State.OpenJobs.Count > 0 && Next(3) == 0)
        {
            _ending.Add(State.OpenJobs.ElementAt(Next(State.OpenJobs.Count)));
        }

        Obey();
    }

    /// <summary>Nothing comes but time.</summary>
    public void Pass(long milliseconds)
    {
        Now += milliseconds;
        Do(new Tick(ImmutableSortedDictionary<string, long>.Empty));
        Obey();
    }

    private void Obey()
    {
        // What is told takes at most so many reports: to promise, to save, to stop, to start.
        for (var report = 0; report < 4; report++)
        {
            Sites.ToList().ForEach(Report);
        }
    }

    private void Do(FactoryCommand command)
    {
        foreach (var record in Factory.Accept(State, command, Now).Records)
        {
            Journal.Add(record);
            State = _fold(State, record);
        }
    }

    private void Report(string site)
    {
        var told = InstructionsReader.Read(State, site);
        Do(new ReportGangs(site, site, [.. told.Gangs.Select(gang => TestFactory.Gang(gang.Job, _ending.Contains(gang.Job) ? GangState.Finished : GangState.Running, gang.Incarnation) with
        {
            Promise = gang.Epoch.Sealed ? new SealPromise(gang.Epoch.Number, 7) : null, LevelIn = gang.Epoch.Number,
        })])
        {
            Copies = [.. told.Copies.Select(static copy => new CopyReport { Copy = copy.Copy, Role = copy.Role, Phase = CopyPhase.Completed })],
            Checkpoints = [.. told.Checkpoints.Where(static assignment => !assignment.Remove).Select(assignment => Known(assignment.Job, assignment.Name, site)),
                .. told.Gangs.Where(static gang => gang.Checkpoints is { Hold: true }).Select(gang => Of(gang.Job, TestFactory.Checkpoint(gang.Job, Now / 60_000, site, gang.Epoch.Number, held: true, name: $"{gang.Epoch.Number}-")))],
        });
    }

    private CheckpointReport Known(long job, string name, string site)
    {
        var known = State.Jobs[job].Checkpoints.First(checkpoint => checkpoint.At(site)?.Name == name);
        return Of(job, TestFactory.Checkpoint(job, known.Round, known.At(site)!.Island, known.Epoch, known.Held, known.Finished)) with { Name = name };
    }

    private CheckpointReport Of(long job, CheckpointReport checkpoint) => checkpoint with { Islands = [.. State.Jobs[job].Islands.Select(static island => island.Site)] };

    private FactoryCommand Command()
    {
        var site = Sites[Next(3)];
        var job = 1 + Next((int)State.LastJob + 1);
        return Next(26) switch
        {
            0 => new CancelJob(job),
            1 => new ReprioritizeJob(job, Next(4)),
            2 => new SetPaused(_queues[Next(3)], Next(3) == 0),
            3 => new TakeOut(State.Fleet?.Placed.Contains(site) == true && Next(2) == 0 ? $"{site}/f1/r1/k1" : site, Next(2) == 0 ? OutageState.Failed : OutageState.Draining, Now + 60_000),
            4 or 5 => new ReturnTarget(State.Outages.IsEmpty ? site : State.Outages.Keys.ElementAt(Next(State.Outages.Count))),
            6 => new ChangeLink(site, Sites[Next(3)], Next(2) == 0 ? null : 10_000_000L * Next(6)),
            7 => new ReserveWindow($"w{Now}", Now + (60_000L * Next(20)), Length: 60_000L * (1 + Next(15))) { Target = Next(2) == 0 ? site : null, Accelerators = 1 + Next(3), Queue = _queues[Next(3)] },
            8 => Next(2) == 0 ? new HoldJob(job) : new ReleaseJob(job),
            _ => new SubmitJob(_asked(Specification())),
        };
    }

    private JobSpecification Specification()
    {
        var (islands, named, hasRoles) = (Next(3) == 0 ? 1 : 2, Next(3) == 0, Next(6) == 0);
        return TestFactory.Specification(named ? [.. Sites.OrderBy(_ => Next(100)).Take(islands).Order(StringComparer.Ordinal)] : []) with
        {
            // A job with roles is whole or not at all.
            Name = $"job-{State.LastJob + 1}", SiteCount = named ? 0 : islands, IslandsMin = !hasRoles && Next(3) > 0 ? 1 : 0, Accelerators = 1 + Next(3), Queue = _queues[Next(3)], Priority = Next(3),
            Duration = Next(3) == 0 ? 60 * (1 + Next(10)) : 0, MinimumRun = Next(5) == 0 ? 60 * Next(20) : 0, Peak = Next(2) == 0 ? 1 : 0.5, Checkpoint = new CheckpointSpecification { Keep = 1 },
            Wan = islands == 2 && Next(2) == 0 ? new WanSpecification { Rate = new Bandwidth(5_000_000L * (1 + Next(6))) } : null,
            Roles = hasRoles ? ImmutableSortedDictionary<string, RoleSpecification>.Empty.Add("rollout", new RoleSpecification { Count = 1 + Next(2), Command = ["rollout"] }) : ImmutableSortedDictionary<string, RoleSpecification>.Empty,
        };
    }

    private int Next(int below) => _random.Next(below);
}
