using System.Globalization;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>A busy fleet of Fairwater's shape with many queues, half of what is used borrowed, and a backlog of seeded jobs. Not safe for concurrent use.</summary>
internal sealed class RoundStage
{
    /// <summary>The queues.</summary>
    public const int Queues = 200;

    private const string Hardware = "gb200-nvl72";
    private const double Busy = 0.97, GuaranteedPart = 0.9;
    private const int RowsPerSpareless = 10;

    // Ten minutes to ten hours, of which jobs end at any time: some are over before, and some run on.
    private const long DurationMin = 600_000, DurationMax = 36_000_000;

    private readonly Random _random;
    private readonly bool _timed;
    private readonly FleetState _state;
    private readonly List<long> _running = [];
    private readonly Dictionary<long, int> _places = [];
    private long _jobs;

    /// <summary>A stage on which nobody is tried yet.</summary>
    /// <param name="accelerators">About so many, spares included.</param>
    /// <param name="backlog">Jobs that wait.</param>
    /// <param name="seed">The seed of the jobs.</param>
    /// <param name="timed">Whether jobs say how long they run, so that starts are reserved.</param>
    public RoundStage(long accelerators, int backlog, int seed, bool timed)
    {
        (_random, _timed) = (new Random(seed), timed);
        var fleet = FleetFile.Parse(ScheduleStage.FleetText(accelerators), null).Value!;
        Schedulable = fleet.Racks.Sum(static rack => (long)rack.Schedulable);
        var each = (long)(Schedulable * GuaranteedPart / Queues);
        var queues = QueueTree.Create(
            [.. Enumerable.Range(0, Queues).Select(queue => new QueueSpecification { Name = Name(queue), Weight = 1 + (queue % 4), Quotas = [new QuotaSpecification(Hardware, each)] })], fleet).Value!;
        _state = new FleetState(fleet, queues);
        Backlog = new Backlog(_state);

        // Half of the queues fill the fleet, and so borrow; the others find it full.
        while (Occupancy < Busy)
        {
            Submit(_random.Next(Queues / 2));
            Run();
        }

        while (Backlog.Count < backlog)
        {
            Submit(_random.Next(Queues));
        }

        for (var domain = 0; _state.Lose(domain, 17) is not null; domain += RowsPerSpareless)
        {
            _state.Lose(domain, 16);
        }
    }

    /// <summary>The jobs that wait.</summary>
    public Backlog Backlog { get; }

    /// <summary>Accelerators that jobs can have.</summary>
    public long Schedulable { get; }

    /// <summary>The time of the stage, in milliseconds.</summary>
    public long Now { get; private set; } = 1_000_000;

    /// <summary>Starts that are reserved.</summary>
    public int Reserved => Backlog.Reserved.Starts.Count;

    /// <summary>The busy part of them.</summary>
    public double Occupancy => 1 - ((double)_state.Free(Hardware) / Schedulable);

    /// <summary>One step of a round, with the books of who runs kept.</summary>
    /// <returns>Whether the round is over.</returns>
    public bool Step(out int started, out int stopped)
    {
        var step = Backlog.Step(Now);
        (started, stopped) = (step.Started is null ? 0 : 1, (step.Started?.Victims.Length ?? 0) + step.Stopped.Length);
        foreach (var overdue in step.Stopped)
        {
            Forget(overdue.Job);
        }

        if (step.Started is { } plan)
        {
            foreach (var victim in plan.Victims)
            {
                Forget(victim.Job);
            }

            Remember(plan.Request.Job);
        }

        return step.IsOver;
    }

    /// <summary>Steps until the round is over.</summary>
    public void Run()
    {
        while (!Step(out _, out _))
        {
        }
    }

    /// <summary>Time passes, a job of the running ones ends and one like it is submitted to some queue.</summary>
    public void EndAny()
    {
        var job = Any();
        Forget(job);
        Now += 100;
        Backlog.End(job, Now);
        Submit(_random.Next(Queues));
    }

    /// <summary>A node that a random job holds.</summary>
    public (int Domain, int Node) AnyNode()
    {
        var slices = _state.Running[Any()].Slices;
        var slice = slices[_random.Next(slices.Length)];
        for (var node = 0; ; node++)
        {
            if (((slice.Nodes >> (4 * node)) & 15) != 0)
            {
                return (slice.Domain, node);
            }
        }
    }

    /// <summary>A node is lost.</summary>
    /// <returns>Its jobs that no spare helps: they wait again.</returns>
    public IReadOnlyList<long> Lose(int domain, int node)
    {
        var held = Backlog.Lose(domain, node, Now)!.Held;
        foreach (var job in held)
        {
            Forget(job);
        }

        return held;
    }

    /// <summary>Whether it is decided what becomes of a job: it runs again, or it is known why it does not.</summary>
    public bool IsDecided(long job) => _state.Running.ContainsKey(job) || Backlog.Why(job) is not null;

    /// <summary>A time until something happens, exponentially distributed.</summary>
    public double Delay(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private void Submit(int queue)
    {
        var request = new GangRequest
        {
            Job = ++_jobs, Queue = Name(queue), Hardware = [Hardware], AcceleratorsPerIsland = Size(), SubmittedMilliseconds = ++Now, Priority = _random.Next(3),
            StopCostMilliseconds = 60_000 + _random.Next(60_000), MinimumRunMilliseconds = _random.Next(2) * 60_000, PeakThousandths = 900,
            DurationMilliseconds = _timed ? _random.NextInt64(DurationMin, DurationMax) : 0,
        };
        if (Backlog.Submit(request) is { } refused)
        {
            throw new Merge.BenchException($"A job of {request.AcceleratorsPerIsland} is refused: it {refused}.", CommandLine.ExitCode.Fault);
        }
    }

    private int Size()
    {
        var drawn = _random.Next(100);
        foreach (var share in ScheduleStage.Mix)
        {
            drawn -= share.Percent;
            if (drawn < 0)
            {
                return share.Accelerators;
            }
        }

        return ScheduleStage.Mix[^1].Accelerators;
    }

    private long Any() => _running[_random.Next(_running.Count)];

    private void Remember(long job)
    {
        _places.Add(job, _running.Count);
        _running.Add(job);
    }

    private void Forget(long job)
    {
        _places.Remove(job, out var place);
        if (place != _running.Count - 1)
        {
            _running[place] = _running[^1];
            _places[_running[place]] = place;
        }

        _running.RemoveAt(_running.Count - 1);
    }

    private static string Name(int queue) => string.Create(CultureInfo.InvariantCulture, $"queue-{queue:000}");
}
