using Superfactory.Core.Commands;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Checks;
using Superfactory.Simulation.Control;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Network;
using Superfactory.Simulation.Planted;
using Superfactory.Simulation.Randomness;
using Superfactory.Simulation.Sites;
using Superfactory.Simulation.Time;

namespace Superfactory.Simulation;

/// <summary>One schedule: virtual time, a control plane, sites, the network between them, what goes wrong, and who watches.</summary>
internal sealed class World
{
    /// <summary>Virtual microseconds within which the next result is final, or the run over, once no fault lasts any more.</summary>
    public const long CalmMax = 60_000_000;

    /// <summary>Events after which a schedule is taken for one that goes round in circles: the longest takes some 40,000.</summary>
    private const long EventsMax = 2_000_000;

    private long _spoiledAt = -3;
    private int _processes;

    /// <summary>A schedule that has not begun.</summary>
    public World(Scenario scenario, PlantedBug planted, Action<string>? listener)
    {
        (Scenario, Planted) = (scenario, planted);
        Random = new SeededRandom(SeededRandom.Hash(scenario.Seed, 9));
        Trace = new Trace(Queue, listener);
        Networks = [.. Enumerable.Range(0, scenario.Lanes).Select(_ => new VirtualNetwork(Queue, Random, scenario.Islands))];
        Sites = [.. Enumerable.Range(0, scenario.Islands).Select(place => new SimulatedSite(this, place))];
        Control = new SimulatedControl(this);
        Referee = new Referee(this);
        Director = new Director(this);
        for (var lane = 0; lane < scenario.Lanes; lane++)
        {
            var own = lane;
            Networks[lane].Arrived = (from, to, message) => Referee.Arrived(own, from, to, message);
        }
    }

    /// <summary>Virtual time.</summary>
    public EventQueue Queue { get; } = new();

    /// <summary>All chance.</summary>
    public SeededRandom Random { get; }

    /// <summary>What is simulated.</summary>
    public Scenario Scenario { get; }

    /// <summary>The bug that its hosts have.</summary>
    public PlantedBug Planted { get; }

    /// <summary>What happened.</summary>
    public Trace Trace { get; }

    /// <summary>What carries messages between the bridges of each lane.</summary>
    public IReadOnlyList<VirtualNetwork> Networks { get; }

    /// <summary>The sites by place.</summary>
    public IReadOnlyList<SimulatedSite> Sites { get; }

    /// <summary>The control plane.</summary>
    public SimulatedControl Control { get; }

    /// <summary>Who watches.</summary>
    public Referee Referee { get; }

    /// <summary>What goes wrong.</summary>
    public Director Director { get; }

    /// <summary>A site by its name.</summary>
    public SimulatedSite Site(string name) => Sites[name[^1] - '0'];

    /// <summary>A number for a bridge's process.</summary>
    public int NextProcess() => ++_processes;

    /// <summary>Microseconds that a disk takes to have something on it.</summary>
    public long DiskTime() => Random.Between(1, 30) * 1_000L;

    /// <summary>Microseconds that a message between a site and the control plane takes.</summary>
    public long ControlTime() => Random.Between(2, 25) * 1_000L;

    /// <summary>Somebody should know of something.</summary>
    public void Note(int place, string text)
    {
        Trace.Add(place, 'n', text.Length);
        Trace.Say(place, text);
    }

    /// <summary>Runs to the end.</summary>
    /// <exception cref="ViolationException">Something does not hold that must.</exception>
    public void Run()
    {
        foreach (var site in Sites)
        {
            Queue.After(Random.Below(100) * 1_000L, site.Start);
        }

        Submit();
        while (Control.Job is not { End: not null })
        {
            Checks.Referee.Require(Queue.RunNext(), "nothing is left to happen, and the run has not ended");
            Checks.Referee.Require(Queue.Ran < EventsMax, $"the run has not ended after {EventsMax} events");
            var calm = Math.Max(Director.OverAt, Referee.FinalAt);
            Checks.Referee.Require(Queue.Now - calm <= CalmMax, $"no result became final, and the run did not end, for {CalmMax / 1_000_000} s without a fault: {Describe()}");
        }

        Checks.Referee.Ended(Control.Job);
    }

    /// <summary>Whom each island waits for, where the run does not go on.</summary>
    private string Describe() => string.Join("; ", Sites.Select(site => site.Bridges.Count == 0 ? $"{site.Name} runs nothing"
        : $"{site.Name} {string.Join(", ", site.Bridges.Select(bridge => $"in round {bridge.Machine.Round} {bridge.Machine.Progress.Waiting ?? "trains"}"))}"));

    /// <summary>Submits the job as soon as the control plane knows all sites.</summary>
    private void Submit()
    {
        if (!Control.Submit(new SubmitJob(Job())))
        {
            Queue.After(50_000, Submit);
        }
    }

    private JobSpecification Job() => new()
    {
        Name = "soak",
        Sites = [.. Sites.Select(site => site.Name)],
        Sync = Scenario.Sync,
        Lanes = Scenario.Lanes == 1 ? null : new LaneSpecification { Tensors = [.. Enumerable.Range(0, Scenario.Lanes).Select(lane => $"lane.{lane}.*")] },
        Budget = Scenario.Budget,
        Checkpoint = new CheckpointSpecification { Every = 1, Copies = 2 },
        TrainerRestartsMax = 100,

        // A clock that is set ahead by an hour would have a start given up, and tried again after minutes: later than anybody here waits.
        StartTimeout = 86_400,
        ReplaceWithin = 0,
    };

    /// <summary>A contribution to a round is not finite.</summary>
    public void Spoiled(long round) => _spoiledAt = Math.Max(_spoiledAt, round);

    /// <summary>Whether a contribution to a round may be spoiled: a run whose islands are all refused in one round fails, as it should.</summary>
    public bool MaySpoil(long round) => round > _spoiledAt + 1;
}
