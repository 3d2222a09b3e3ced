using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>A fleet in which jobs keep coming, ending and taking back what is theirs, and what each owner that waits is due until when.</summary>
internal sealed class ReclaimLife
{
    private const string Hardware = "gb200-nvl72";
    private const int Rack = 64;

    private readonly Random _random;
    private readonly int _seed;
    private readonly bool _keeps;
    private readonly FleetSpecification _fleet;
    private readonly FleetState _state;
    private readonly Backlog _backlog;
    private readonly ImmutableArray<QueueSpecification> _queues;
    private readonly Dictionary<string, Claim> _due = [];
    private readonly Dictionary<long, long> _reported = [];
    private readonly Dictionary<long, GangRequest> _submitted = [];
    private long _jobs, _now = 1_000_000;

    /// <param name="seed">What everything is made of.</param>
    /// <param name="keeps">False plants the bug that what is kept for an owner is open to everybody.</param>
    public ReclaimLife(int seed, bool keeps)
    {
        (_seed, _keeps, _random) = (seed, keeps, new Random(seed));
        var (racks, sites) = (1 + Next(3), 1 + Next(2));
        _fleet = World.FleetOf($"""
            name: f
            sites:
            {string.Join('\n', Enumerable.Range(0, sites).Select(site => $"  - {{name: s{site}, rows: [{{{(Next(4) == 0 ? "power: 240kW, " : string.Empty)}racks: {{hardware: {Hardware}, count: {racks}}}}}]}}"))}
            {(sites == 1 ? string.Empty : "links: [{between: [s0, s1], bandwidth: 1gbit, rtt: 5ms}]")}
            """);
        var own = racks * sites * Rack / 4;
        _queues = [Queue("a", own), Queue("b", own), Queue("c", own + Next(own)), new QueueSpecification { Name = "guest" }, new QueueSpecification { Name = "visitor", Weight = 3 }];
        _state = new FleetState(_fleet, QueueTree.Create(_queues, _fleet).Value!);
        _backlog = new Backlog(_state);
    }

    /// <summary>Who started too late, or not at all.</summary>
    public List<string> Broken { get; } = [];

    /// <summary>How many had to wait for somebody's minimum.</summary>
    public int Claims { get; private set; }

    public void Live(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            // Time stops where somebody is due: a round that is held then is the one that the bound allows.
            _now = Math.Min(_now + 1 + Next(Next(4) == 0 ? 400_000 : 20_000), _due.Values.Select(static claim => claim.Until).Where(until => until > _now).DefaultIfEmpty(long.MaxValue).Min());
            Event();
            Round();
            Check();
            FleetAudit.Check(_fleet, _state).ShouldBeEmpty($"seed {_seed}");
        }
    }

    private void Event()
    {
        var running = _state.Running.Keys.Order().ToList();
        switch (Next(10))
        {
            case 0 when running.Count > 0:
                var ended = running[Next(running.Count)];
                _backlog.End(ended, _now);
                _submitted.Remove(ended);
                break;
            case 1 when running.Count > 0:
                _state.Sealed(running[Next(running.Count)], _now);
                break;
            case 2 or 3 when _backlog.Count > 0:
                var waiting = _submitted.Keys.Where(job => !_state.Running.ContainsKey(job)).Order().ToList();
                var withdrawn = waiting[Next(waiting.Count)];
                _backlog.Withdraw(withdrawn);
                _submitted.Remove(withdrawn);
                break;
            default:
                var request = Request();
                if (_backlog.Submit(request) is null)
                {
                    _submitted[request.Job] = request;
                }

                break;
        }

        if (!_keeps)
        {
            foreach (var hold in _backlog.Reserved.Starts.SelectMany(static each => each.Holds).ToList())
            {
                _state.Keep(hold.Domain, 0, 0);
            }
        }
    }

    /// <summary>Owners ask for no more than they are guaranteed, most often; the others borrow what they find.</summary>
    private GangRequest Request()
    {
        var queue = _queues[Next(_queues.Length)];
        var own = (int)(queue.Quotas.FirstOrDefault()?.Guaranteed ?? 0);
        var islands = 1 + Next(_fleet.Sites.Length);
        return new GangRequest
        {
            Job = ++_jobs, Queue = queue.Name, Hardware = [Hardware], AcceleratorsPerIsland = own > 0 && Next(4) > 0 ? Math.Max(1, (1 + Next(own)) / islands) : 1 << Next(8), IslandsMin = islands, IslandsMax = islands,
            Priority = Next(5) == 0 ? 1 : 0, SubmittedMilliseconds = _now, MinimumRunMilliseconds = Next(3) * Next(900_000), StopCostMilliseconds = Next(120_000), PeakThousandths = 700 + (Next(4) * 100),
            DurationMilliseconds = Next(2) * Next(3_600_000), WanBytesPerSecond = Next(2) * 100_000L * (1 + Next(9)), Within = (Within)Next(4),
        };
    }

    private void Round()
    {
        for (var steps = 0; steps < 5_000; steps++)
        {
            var step = _backlog.Step(_now);
            if (step.Started is { Request: var started } && _due.GetValueOrDefault(started.Queue) is { } due && _state.Queues.Order.Compare(started, due.Request) < 0)
            {
                // Who goes before it in its queue took what it was to have.
                _due.Remove(started.Queue);
            }

            Excuse();
            if (step.IsOver)
            {
                return;
            }
        }

        Broken.Add("the round does not end");
    }

    /// <summary>Where one who was to make room has come to be on its own queue's guarantee, what was promised is promised anew.</summary>
    private void Excuse()
    {
        foreach (var (queue, _) in _due.Where(due => due.Value.From.Any(job => _state.Running.TryGetValue(job, out var from) && from.IsSpared)).ToList())
        {
            _due.Remove(queue);
        }
    }

    /// <summary>The first of each queue is held to its time as long as nobody goes before it, it could have room, and nobody who was to make room is on a guarantee by now.</summary>
    private void Check()
    {
        _state.Spare(_now);
        Excuse();
        foreach (var queue in _queues.Select(static queue => queue.Name))
        {
            var first = _submitted.Values.Where(request => request.Queue == queue && !_state.Running.ContainsKey(request.Job)).Order(_state.Queues.Order).FirstOrDefault();
            var claim = first is null ? null : Claim.Of(_state, first, _now);
            if (claim is null && _due.TryGetValue(queue, out var before) && before.Request.Job == first?.Job)
            {
                // What is reserved for others does not run, and is no hindrance to a promise: it is due.
                claim = Claim.Of(_state, first, _now, besideStarts: false);
            }

            if (claim is null)
            {
                if (_due.Remove(queue, out var lost) && lost.Request.Job == first?.Job)
                {
                    Broken.Add($"job {lost.Request.Job} of {queue} was to run at {lost.Until} at the latest, and has no place any more: {_backlog.Why(lost.Request.Job)}");
                }

                continue;
            }

            var reported = _backlog.Reserved.TryFind(claim.Request.Job, out var reservation) && reservation.IsClaim ? reservation.StartMilliseconds : long.MaxValue;
            var due = _due.GetValueOrDefault(queue);
            if (due?.Request.Job != claim.Request.Job)
            {
                // What was promised before stays, though it would be promised sooner by now.
                due = claim with { Until = _reported.GetValueOrDefault(claim.Request.Job) == reported ? Math.Max(claim.Until, reported) : claim.Until };
                Claims += claim.Until > _now ? 1 : 0;
            }

            if (due.Until <= _now || reported > due.Until)
            {
                Broken.Add($"job {claim.Request.Job} of {queue} is to run at {due.Until} at the latest, it is {_now}, and {(reported == long.MaxValue ? "nothing" : reported)} is reported: {_backlog.Why(claim.Request.Job)}");
            }

            (_due[queue], _reported[claim.Request.Job]) = (due with { Until = Math.Min(due.Until, reported) }, reported == long.MaxValue ? 0 : reported);
        }
    }

    private static QueueSpecification Queue(string name, long guaranteed) => new() { Name = name, Quotas = [new QuotaSpecification(Hardware, guaranteed)] };

    private int Next(int most) => _random.Next(most);
}
