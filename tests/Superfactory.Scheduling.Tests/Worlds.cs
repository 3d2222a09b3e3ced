using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>A fleet, its queues, its state and its scheduler, made of a seed.</summary>
internal sealed class World
{
    private readonly Random _random;
    private readonly string _hardware;
    private readonly bool _mixed, _elastic;
    private long _jobs;

    /// <param name="seed">What everything is made of.</param>
    /// <param name="small">Whether there are few racks.</param>
    /// <param name="mixed">Whether there are several kinds of hardware, and jobs with roles.</param>
    /// <param name="elastic">Whether most jobs take a range of accelerators for each island.</param>
    public World(int seed, bool small = false, bool mixed = false, bool elastic = false)
    {
        _random = new Random(seed);
        (_mixed, _elastic) = (mixed, elastic);
        _hardware = mixed ? "gb200-nvl72" : Pick("gb200-nvl72", "hgx-h100", "cpu");

        // A budget that idle racks exceed is no fleet: another one is made, of the same seed.
        string text;
        do
        {
            text = Text(small);
        }
        while (!FleetFile.Parse(text, null).Succeeded);
        Fleet = FleetOf(text);
        Queues = QueuesOf();
        (State, Now) = (new FleetState(Fleet, Queues), 1_000_000);
        Scheduler = new Scheduler(State);
    }

    public FleetSpecification Fleet { get; }

    public QueueTree Queues { get; }

    public FleetState State { get; }

    public Scheduler Scheduler { get; }

    public long Now { get; set; }

    public int Next(int most) => _random.Next(most);

    public static FleetSpecification FleetOf(string text)
    {
        var outcome = FleetFile.Parse(text, "fleet.yaml");
        outcome.Problems.ShouldBeEmpty(text);
        return outcome.Value!;
    }

    /// <summary>A request of any shape that is well formed; most fit, some never do.</summary>
    public GangRequest Request()
    {
        var most = State.Layout.Pools.Max(pool => pool.Capacity);
        return _mixed ? Mixed(Plain(most)) : _elastic ? Elastic(Plain(most)) : Plain(most);
    }

    /// <summary>Three of four have a range: from half of the most, a third, or a single one on.</summary>
    private GangRequest Elastic(GangRequest request) => request with { AcceleratorsMin = Next(4) switch { 0 => 0, 1 => 1, 2 => (request.AcceleratorsPerIsland + 1) / 2, _ => (request.AcceleratorsPerIsland + 2) / 3 } };

    private GangRequest Plain(int most)
    {
        var islandsMax = 1 + Next(Fleet.Sites.Length);
        return new GangRequest
        {
            Job = ++_jobs, Queue = Queues.Queues[Next(Queues.Queues.Length)].Name, Hardware = [_hardware],
            AcceleratorsPerIsland = Next(3) == 0 ? most * (1 + Next(4)) : 1 + Next(most),
            IslandsMin = 1 + Next(islandsMax), IslandsMax = islandsMax, Within = (Within)Next(4), Spread = _jobs % 4 == 3, PeakThousandths = 500 + (Next(6) * 100),
            WanBytesPerSecond = Next(2) * 1_000_000L * (1 + Next(60)), Priority = Next(3), SubmittedMilliseconds = Now,
            MinimumRunMilliseconds = Next(2) * Next(1000), StopCostMilliseconds = Next(5000),
            PreferredSites = Next(3) == 0 ? [Fleet.Sites[Next(Fleet.Sites.Length)].Name] : [],
        };
    }

    /// <summary>A request for one kind or several, which most often has roles.</summary>
    private GangRequest Mixed(GangRequest request) => request with
    {
        Hardware = Kinds(), Roles = [.. Enumerable.Range(0, Next(4)).Select(role => new RoleRequest
        {
            Name = $"r{role}", Count = 1 + Next(4), Accelerators = 1 + Next(Next(4) == 0 ? 80 : 16), Hardware = Kinds(), Within = (Within)Next(4), Spread = role == 1, PeakThousandths = 500 + (Next(6) * 100),
            Sites = Next(4) == 0 ? [Fleet.Sites[Next(Fleet.Sites.Length)].Name] : [],
        })],
    };

    private ImmutableArray<string> Kinds() => Next(4) switch { 0 => [], 1 => ["gb200-nvl72"], 2 => ["hgx-h100"], _ => ["hgx-h100", "gb200-nvl72"] };

    /// <summary>Jobs come, end and seal checkpoints; after each step <paramref name="check"/> is asked.</summary>
    public void Live(int steps, Action<Plan?> check)
    {
        for (var step = 0; step < steps; step++)
        {
            Now += 1 + Next(500);
            Plan? plan = null;
            if (Next(6) == 0)
            {
                Fault();
            }
            else if (State.Running.Count > 0 && Next(3) == 0)
            {
                var job = State.Running.Keys.Order().ElementAt(Next(State.Running.Count));
                if (Next(2) == 0)
                {
                    State.Stop(job);
                }
                else
                {
                    State.Sealed(job, Now);
                }
            }
            else
            {
                plan = Scheduler.Decide(Request(), Now);
                State.Apply(plan, Now);
            }

            check(plan);
        }
    }

    /// <summary>A node fails, is drained or returns; what is left without a spare is stopped, soon or never.</summary>
    private void Fault()
    {
        var domain = Next(State.Layout.Domains.Length);
        var node = Next(Math.Max(1, State.Layout.Domains[domain].Nodes));
        switch (Next(3))
        {
            case 0:
                foreach (var job in State.Lose(domain, node)?.Held ?? [])
                {
                    if (Next(2) == 0)
                    {
                        State.Stop(job);
                    }
                }

                break;
            case 1:
                State.Drain(domain, node);
                break;
            default:
                State.Return(domain, node);
                break;
        }
    }

    /// <summary>Everything that decides anything, in an order of its own.</summary>
    public static string Digest(FleetState state)
    {
        var text = new StringBuilder();
        for (var domain = 0; domain < state.Layout.Domains.Length; domain++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{state.Domains.Free(domain)},");
        }

        for (var rack = 0; rack < state.Layout.Racks.Length; rack++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{state.Power.Drawn(Capacity.PowerLevel.Rack, rack)},");
        }

        for (var link = 0; link < state.Layout.SiteNames.Length * state.Layout.SiteNames.Length; link++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{state.Wan.Reserved(link / state.Layout.SiteNames.Length, link % state.Layout.SiteNames.Length)},");
        }

        for (var queue = 0; queue < state.Queues.Queues.Length; queue++)
        {
            text.Append(string.Join('/', HardwareCatalogue.All.Select((_, type) => $"{state.Quota.Used(queue, type)}:{state.Quota.Owned(queue, type)}"))).Append(';');
        }

        foreach (var job in state.Running.Values.OrderBy(job => job.Request.Job))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{job.Request.Job} {job.IsOwned} {string.Join(' ', job.Slices.Select(slice => $"{slice.Domain}:{slice.Count}:{slice.Nodes}"))}");
        }

        return text.ToString();
    }

    /// <summary>All that a plan says.</summary>
    public static string Digest(Plan plan) =>
        $"{plan.Request.Job} {plan.IsOwned} {plan.Reason} | {string.Join(' ', plan.Islands.Select(island => $"{(island.Role < 0 ? string.Empty : plan.Request.Roles[island.Role].Name + "@")}{island.Site}:{island.Slice}x[{string.Join(',', island.Domains)}] {island.Score}"))} | " +
        $"{string.Join(' ', plan.Victims)} | {string.Join(' ', plan.Reservations.Select(reservation => $"{string.Join('>', reservation.Route)}={reservation.BytesPerSecond}"))}";

    private string Text(bool small)
    {
        var text = new StringBuilder("name: random\n");
        var sites = 1 + Next(small ? 2 : 4);
        text.Append(Next(3) == 0 ? $"power: {_random.Next(4, 40) * 100}kW\n" : string.Empty).Append("sites:\n");
        for (var site = 0; site < sites; site++)
        {
            var placement = !small && Next(5) == 0 ? ", placement: site" : string.Empty;
            text.Append($"  - name: s{site}{placement.Replace(", ", "\n    ", StringComparison.Ordinal)}\n    floors:\n");
            for (var floor = 0; floor <= Next(2); floor++)
            {
                text.Append("      - rows:\n");
                for (var row = 0; row <= Next(small ? 2 : 3); row++)
                {
                    text.Append($"          - {{{(Next(3) == 0 ? $"power: {_random.Next(5, 12) * 30}kW, " : string.Empty)}racks: {Racks(small)}}}\n");
                }
            }
        }

        if (sites > 1)
        {
            text.Append("links:\n");
            for (var site = 1; site < sites; site++)
            {
                text.Append($"  - {{between: [s{Next(site)}, s{site}], bandwidth: {100 * (1 + Next(10))}mbit, rtt: {1 + Next(20)}ms}}\n");
            }
        }

        return text.ToString();
    }

    private string Racks(bool small) => (_mixed && Next(2) == 0 ? "hgx-h100" : _hardware) switch
    {
        "gb200-nvl72" => $"{{hardware: gb200-nvl72, count: {1 + Next(small ? 2 : 4)}, spares: {Next(3)}}}",
        "hgx-h100" => $"{{hardware: hgx-h100, count: {1 + Next(2)}, nodes: {1 + Next(small ? 2 : 4)}}}",
        _ => $"{{hardware: cpu, count: {1 + Next(2)}, nodes: {1 + Next(2)}, slots: 8}}",
    };

    private QueueTree QueuesOf()
    {
        var exist = Fleet.Racks.Where(rack => rack.Hardware.Name == _hardware).Sum(rack => rack.Schedulable);
        ImmutableArray<QuotaSpecification> more = _mixed ? [new QuotaSpecification("hgx-h100", Next((Fleet.Racks.Where(rack => rack.Hardware.Name != _hardware).Sum(rack => rack.Schedulable) / 2) + 1), Next(2) == 0 ? null : Next(64), Next(2) == 0 ? null : Next(9))] : [];
        var (a, b) = (Next((exist / 2) + 1), Next((exist / 2) + 1));
        var outcome = QueueTree.Create(
            [
                new QueueSpecification { Name = "top", Quotas = [new QuotaSpecification(_hardware, a, Next(2) == 0 ? null : Next(exist + 1))] },
                new QueueSpecification { Name = "under", Parent = "top", Quotas = [new QuotaSpecification(_hardware, a / 2, null, Next(2) == 0 ? null : Next(exist + 1))] },
                new QueueSpecification { Name = "other", Quotas = [new QuotaSpecification(_hardware, b, Next(2) == 0 ? null : Next(exist + 1), Next(2) == 0 ? null : Next(exist + 1)), .. more] },
                new QueueSpecification { Name = "guest" },
            ],
            Fleet);
        outcome.Problems.ShouldBeEmpty();
        return outcome.Value!;
    }

    private string Pick(params string[] from) => from[Next(from.Length)];
}
