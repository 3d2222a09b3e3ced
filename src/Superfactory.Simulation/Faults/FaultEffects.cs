using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Network;
using Superfactory.Simulation.Sites;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Faults;

/// <summary>Carries faults out, and ends those that last.</summary>
internal sealed class FaultEffects
{
    private const long SlowRate = 4_000;
    private const int SlowSteps = 12;
    private const int CrashesMax = 2;

    /// <summary>Microseconds without a final result at most, once a trainer stalls by the job's own bound: it is missed, left out, and a round merged.</summary>
    private const long StallMax = 6_000_000;

    private readonly World _world;
    private readonly Dictionary<int, int> _crashes = [];
    private int _restarts;

    /// <summary>No fault yet.</summary>
    public FaultEffects(World world) => _world = world;

    /// <summary>When the last fault is over.</summary>
    public long OverAt { get; private set; }

    /// <summary>Has a fault strike.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="place">The island whose moment it is; -1 for the control plane's.</param>
    /// <returns>False where nobody is there whom it could strike.</returns>
    public bool TryStrike(PlannedFault fault, int place)
    {
        var islands = _world.Scenario.Islands;
        var first = place >= 0 && fault.Dice % 2 == 0 ? place : (int)((fault.Dice >> 8) % (ulong)islands);
        for (var step = 0; step < islands; step++)
        {
            if (TryStrikeAt(fault, (first + step) % islands))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Do(Action action)
    {
        action();
        return true;
    }

    private bool TryStrikeAt(PlannedFault fault, int one)
    {
        var time = fault.Milliseconds * 1_000L;
        var islands = _world.Scenario.Islands;
        var other = (one + 1 + (int)((fault.Dice >> 16) % (ulong)(islands - 1))) % islands;
        var struck = fault.Kind switch
        {
            FaultKind.Delay or FaultKind.Reorder or FaultKind.SlowLink => Burden(fault, one, other, time),
            FaultKind.Loss => Lose(fault.Dice, one, other, time),
            FaultKind.Partition => Partition(fault.Dice, time),
            FaultKind.OneWayCut => Cut(fault.Dice, network => [network.Between(one, other)], time),
            FaultKind.Duplicate => Do(() => _world.Sites[one].Duplicates += 3),
            FaultKind.ControlCut => CutFromControl(_world.Sites[one], time),
            FaultKind.ClockJump => Jump(fault.Dice >> 24, one, time),
            FaultKind.ControlCrash when _world.Control.IsUp => Do(() => _world.Control.Crash(time)),
            FaultKind.ControlPause when _world.Control is { IsUp: true, IsPaused: false } => Do(() => _world.Control.Pause(time)),
            FaultKind.SiteCrash or FaultKind.SiteLoss when _world.Sites[one].IsRunning => Do(() => _world.Sites[one].Crash(time, fault.Kind == FaultKind.SiteLoss)),
            FaultKind.Blackout => Blackout(time),
            FaultKind.TornCheckpoint => Tear(fault.Dice, one, time),
            _ => StrikeBridge(fault, one, time),
        };
        if (struck)
        {
            // A clock that was set stays so: there is nothing to wait for.
            OverAt = Math.Max(OverAt, _world.Queue.Now + (fault.Kind == FaultKind.ClockJump ? 0 : time));
        }

        return struck;
    }

    private bool StrikeBridge(PlannedFault fault, int place, long time)
    {
        if (_world.Sites[place].Bridges is not { Count: > 0 } bridges || bridges[(int)((fault.Dice >> 48) % (ulong)bridges.Count)] is not { IsPaused: false } bridge)
        {
            return false;
        }

        switch (fault.Kind)
        {
            case FaultKind.TrainerCrash when bridge.Trainers.Present is { Done: false } && _world.Scenario.Lanes > 1:
                // Its lanes' bridges end with it.
                return Crash(bridge);
            case FaultKind.TrainerCrash when bridge.Trainers.Present is { Done: false }:
                bridge.Trainers.Crash();
                return true;
            case FaultKind.BridgeCrash:
                return Crash(bridge);
            case FaultKind.BridgeRestart:
                // Somebody promises when a member is lost.
                _restarts += Crash(bridge) ? 1 : 0;
                return _restarts > 0;
            case FaultKind.BridgePause:
                bridge.Pause(time);
                return true;
            case FaultKind.SlowIsland:
                return Slow(bridge, time);
            case FaultKind.TrainerStall:
                return Stall(bridge, time);
            default:
                return false;
        }
    }

    /// <summary>A job whose island fails again and again by itself ends, as it should.</summary>
    private bool Crash(SimulatedBridge bridge)
    {
        if (_crashes.GetValueOrDefault(bridge.Place) >= CrashesMax)
        {
            return false;
        }

        _crashes[bridge.Place] = _crashes.GetValueOrDefault(bridge.Place) + 1;
        bridge.Fail("Its bridge's process ended.", retriable: true);
        return true;
    }

    /// <summary>A bridge has promised, and said so.</summary>
    public void Promised(SimulatedBridge bridge)
    {
        if (_restarts > 0 && _crashes.GetValueOrDefault(bridge.Place) < CrashesMax && (_world.Scenario.Lanes == 1 || bridge.Gang.HasPromised(bridge.Machine.State.Epoch.Number)))
        {
            // It cannot go on where the next epoch counts on it, and fails.
            _restarts--;
            _crashes[bridge.Place] = _crashes.GetValueOrDefault(bridge.Place) + 1;
            bridge.Gang.RestartBridge();
        }
    }

    /// <summary>
    /// The others go on without the island, though its bridge is well; where nothing else is wrong they do so within a bound. Where they wait for the
    /// state of this very trainer, which nobody else has, as who has just returned to every-step does, they wait until it steps.
    /// </summary>
    private bool Stall(SimulatedBridge bridge, long time)
    {
        var (calm, struck, members) = (OverAt <= _world.Queue.Now && _world.Referee.IsSteady, _world.Director.Struck + 1, _world.Referee.Members);
        if (!bridge.Trainers.Hang(time))
        {
            return false;
        }

        var due = (_world.Scenario.Sync.Stall * 1_000_000L) + StallMax;
        if (calm && members > 1 && due < time)
        {
            _world.Queue.After(due, () => Checks.Referee.Require(
                _world.Director.Struck != struck || _world.Referee.Members < 2 || !_world.Referee.CanGoOnWithout(bridge.Place) || _world.Queue.Now - _world.Referee.FinalAt <= StallMax,
                $"no result became final for {StallMax / 1_000_000} s: the trainer of island {bridge.Place} takes no step, and the others wait for it"));
        }

        return true;
    }

    private bool Slow(SimulatedBridge bridge, long time)
    {
        bridge.Trainers.Slowness = SlowSteps;
        _world.Queue.After(time, () => bridge.Trainers.Slowness = 1);
        return true;
    }

    /// <summary>The networks of a model in lanes that a fault of a link strikes: all, which share the gateways' connection, or in one case of three that of one lane, which may be held up alone.</summary>
    private IEnumerable<VirtualNetwork> Struck(ulong dice)
    {
        var networks = _world.Networks;
        return networks.Count == 1 || (dice >> 32) % 3 > 0 ? networks : [networks[(int)((dice >> 40) % (ulong)networks.Count)]];
    }

    private bool Burden(PlannedFault fault, int one, int other, long time)
    {
        var kind = fault.Kind;
        foreach (var link in Struck(fault.Dice).SelectMany(network => network.Both(one, other)))
        {
            var (delay, jitter, rate) = (link.Delay, link.Jitter, link.Rate);
            switch (kind)
            {
                case FaultKind.Delay:
                    link.Delay += time / 2;
                    break;
                case FaultKind.Reorder:
                    link.Jitter += 100_000;
                    break;
                default:
                    link.Rate = SlowRate;
                    break;
            }

            _world.Queue.After(time, () => (link.Delay, link.Jitter, link.Rate) = kind switch
            {
                FaultKind.Delay => (link.Delay - (time / 2), link.Jitter, link.Rate),
                FaultKind.Reorder => (link.Delay, link.Jitter - 100_000, link.Rate),
                _ => (link.Delay, link.Jitter, Link.FullRate),
            });
        }

        return true;
    }

    private bool Lose(ulong dice, int one, int other, long time)
    {
        foreach (var network in Struck(dice))
        {
            network.Break(one, other, 0);
            _world.Queue.After(time, () => network.Connect(one, other));
        }

        return true;
    }

    private bool Partition(ulong dice, long time)
    {
        var islands = _world.Scenario.Islands;
        var group = ((dice >> 24) % ((1UL << islands) - 2)) + 1;
        return Cut(
            dice,
            network =>
            {
                List<Link> cut = [];
                for (var from = 0; from < islands; from++)
                {
                    for (var to = 0; to < islands; to++)
                    {
                        if ((group >> from & 1) != (group >> to & 1))
                        {
                            cut.Add(network.Between(from, to));
                        }
                    }
                }

                return cut;
            },
            time);
    }

    private bool Cut(ulong dice, Func<VirtualNetwork, IReadOnlyList<Link>> which, long time)
    {
        foreach (var network in Struck(dice))
        {
            var links = which(network);
            foreach (var link in links)
            {
                network.Cut(link);
            }

            _world.Queue.After(time, () =>
            {
                foreach (var link in links)
                {
                    network.Heal(link);
                }
            });
        }

        return true;
    }

    private bool CutFromControl(SimulatedSite site, long time)
    {
        site.Cuts++;
        _world.Queue.After(time, () => site.Cuts--);
        return true;
    }

    private bool Jump(ulong dice, int place, long time)
    {
        if (dice % 3 == 0)
        {
            // A machine's own time never goes back; it stands still, or has gone on, where the machine was suspended.
            _world.Sites[place].Clock.Ahead += Math.Abs(time);
        }
        else
        {
            _world.Control.Clock.Ahead += time;
        }

        return true;
    }

    private bool Blackout(long time)
    {
        foreach (var site in _world.Sites)
        {
            site.Crash(time + (_world.Random.Below(500) * 1_000L), loseDisk: false);
        }

        return true;
    }

    /// <summary>A checkpoint goes bad where it lies, which shows when all need it.</summary>
    private bool Tear(ulong dice, int place, long time)
    {
        var islands = _world.Scenario.Islands;
        for (var step = 0; step < islands; step++)
        {
            if (_world.Sites[(place + step) % islands].Disk.Tear(dice))
            {
                return Blackout(time);
            }
        }

        return false;
    }
}
