using System.Globalization;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>A fleet of Fairwater's shape with seeded jobs that come and go. Not safe for concurrent use.</summary>
internal sealed class ScheduleStage
{
    /// <summary>The queue whose guarantee the great gang is within.</summary>
    public const string Hero = "hero";

    /// <summary>The queue whose jobs are on guaranteed quota.</summary>
    public const string Owner = "owner";

    /// <summary>The queue that borrows all that it uses.</summary>
    public const string Guest = "guest";

    /// <summary>Accelerators and how many of 100 jobs ask for them.</summary>
    public static readonly SizeShare[] Mix = [new(1, 30), new(2, 15), new(4, 20), new(8, 15), new(16, 8), new(32, 6), new(64, 5), new(128, 1)];

    private static readonly string[] _hardware = ["gb200-nvl72"];

    private readonly Random _random;
    private readonly List<long> _running = [];
    private long _jobs;
    private long _now = 1_000_000;

    /// <summary>A stage of about so many accelerators at two sites, a part of them guaranteed to <see cref="Hero"/>.</summary>
    public ScheduleStage(long accelerators, int seed)
    {
        _random = new Random(seed);
        var racks = RacksOf(accelerators);
        var fleet = FleetFile.Parse(FleetText(accelerators), null).Value!;
        Accelerators = fleet.Racks.Sum(static rack => (long)rack.Accelerators);
        Schedulable = fleet.Racks.Sum(static rack => (long)rack.Schedulable);
        GangRacks = (int)(racks * 768 / 2223);
        var queues = QueueTree.Create(
            [
                new QueueSpecification { Name = Hero, Quotas = [new QuotaSpecification(_hardware[0], 2L * GangRacks * 64)] },
                new QueueSpecification { Name = Owner, Quotas = [new QuotaSpecification(_hardware[0], Schedulable - (2L * GangRacks * 64))] },
                new QueueSpecification { Name = Guest },
            ],
            fleet).Value!;
        State = new FleetState(fleet, queues);
        Scheduler = new Scheduler(State);
    }

    /// <summary>The snapshot.</summary>
    public FleetState State { get; }

    /// <summary>Its scheduler.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Accelerators, spares included.</summary>
    public long Accelerators { get; }

    /// <summary>Those that can be scheduled.</summary>
    public long Schedulable { get; }

    /// <summary>Racks of each island of the great gang.</summary>
    public int GangRacks { get; }

    /// <summary>The busy part of the schedulable accelerators.</summary>
    public double Occupancy => 1 - ((double)State.Free(_hardware[0]) / Schedulable);

    /// <summary>The fewest wholly free racks of a site.</summary>
    public int CleanRacks => Math.Min(State.CleanDomains("wisconsin", _hardware[0]), State.CleanDomains("atlanta", _hardware[0]));

    /// <summary>The time.</summary>
    public long Now => _now;

    /// <summary>Starts a job if there is room.</summary>
    /// <returns>Whether there was.</returns>
    public bool Start(string queue, int accelerators)
    {
        var request = new GangRequest
        {
            Job = ++_jobs, Queue = queue, Hardware = [.. _hardware], AcceleratorsPerIsland = accelerators, SubmittedMilliseconds = ++_now,
            StopCostMilliseconds = 60_000 + _random.Next(60_000), PeakThousandths = 900,
        };
        if (State.Apply(Scheduler.Decide(request, _now), _now) is null)
        {
            return false;
        }

        _running.Add(request.Job);
        return true;
    }

    /// <summary>Ends a job that runs, any of them.</summary>
    public void EndAny()
    {
        var place = _random.Next(_running.Count);
        State.Stop(_running[place]);
        _running[place] = _running[^1];
        _running.RemoveAt(_running.Count - 1);
    }

    /// <summary>A number of accelerators by <see cref="Mix"/>.</summary>
    public int Size()
    {
        var drawn = _random.Next(100);
        foreach (var share in Mix)
        {
            drawn -= share.Percent;
            if (drawn < 0)
            {
                return share.Accelerators;
            }
        }

        return Mix[^1].Accelerators;
    }

    /// <summary>Fills up to an occupancy, then lets jobs come and go around it, so many starts and ends together.</summary>
    public void Churn(int events, double occupancy, string queue)
    {
        while (Occupancy < occupancy && Start(queue, Size()))
        {
        }

        for (var done = 0; done < events; done++)
        {
            if (Occupancy > occupancy || !Start(queue, Size()))
            {
                EndAny();
            }
        }
    }

    /// <summary>Fills whole racks up to an occupancy.</summary>
    public void FillRacks(double occupancy, string queue)
    {
        while (Occupancy < occupancy && Start(queue, 64 << _random.Next(4)))
        {
        }
    }

    /// <summary>The great gang: an island at each site, whole racks, with rates between them reserved.</summary>
    public GangRequest Gang() => new()
    {
        Job = ++_jobs, Queue = Hero, Hardware = [.. _hardware], AcceleratorsPerIsland = GangRacks * 64, IslandsMin = 2, IslandsMax = 2,
        WanBytesPerSecond = 1_000_000_000_000, SubmittedMilliseconds = ++_now,
    };

    /// <summary>The fleet file of about so many accelerators at two sites.</summary>
    public static string FleetText(long accelerators)
    {
        var racksPerSite = RacksOf(accelerators);
        var rows = racksPerSite / 9;
        var rest = racksPerSite % 9;
        string Floor(long count, long extra) => string.Create(
            CultureInfo.InvariantCulture,
            $"      - rows: [{{count: {count}, power: 1360kW, racks: {{hardware: gb200-nvl72, count: 9, power: 140kW}}}}{(extra > 0 ? $", {{power: 1360kW, racks: {{hardware: gb200-nvl72, count: {extra}, power: 140kW}}}}" : string.Empty)}]\n");
        var floors = Floor(rows - (rows / 2), 0) + Floor(rows / 2, rest);
        return $"name: bench\nsites:\n  - name: wisconsin\n    floors:\n{floors}  - name: atlanta\n    floors:\n{floors}links: [{{between: [wisconsin, atlanta], bandwidth: 100tbit, rtt: 14ms}}]\n";
    }

    private static long RacksOf(long accelerators) => Math.Max(18, (accelerators + 143) / 144);
}
