namespace Superfactory.Simulation.Faults;

/// <summary>Has each fault of a schedule strike in its moment, and knows when the last has passed.</summary>
internal sealed class Director
{
    /// <summary>Rounds after which a fault no longer waits for its moment.</summary>
    private const int PatienceRounds = 2;

    /// <summary>Rounds before the end of the run from which on no fault waits for its moment.</summary>
    private const int LastRounds = 5;

    /// <summary>Microseconds after which a fault no longer waits for its round: what is broken already may keep the run from coming to it.</summary>
    private const long PatienceMicroseconds = 20_000_000;

    private readonly World _world;
    private readonly FaultEffects _effects;
    private readonly int[] _counts = new int[PlannedFault.Kinds.Length];
    private readonly List<PlannedFault> _pending;
    private readonly Spoiler _spoiler;
    private readonly Dictionary<PlannedFault, int> _skipped = new(ReferenceEqualityComparer.Instance);
    private long _since;
    private bool _striking;

    /// <summary>A director of a schedule's faults.</summary>
    public Director(World world)
    {
        _world = world;
        _effects = new FaultEffects(world);
        _pending = [.. world.Scenario.Faults.Where(fault => !Spoiler.IsOne(fault.Kind))];
        _spoiler = new Spoiler(world, this, world.Scenario.Faults.Where(fault => Spoiler.IsOne(fault.Kind)));
        foreach (var network in world.Networks)
        {
            network.Tamper = _spoiler.Corrupt;
        }
    }

    /// <summary>How often each kind struck, by its number.</summary>
    public IReadOnlyList<int> Counts => _counts;

    /// <summary>Faults that struck.</summary>
    public int Struck { get; private set; }

    /// <summary>Of those, how many while a round or an epoch change was in flight.</summary>
    public int StruckInFlight { get; private set; }

    /// <summary>When the last fault that struck is over; virtual time.</summary>
    public long OverAt => _effects.OverAt;

    /// <summary>A bridge has promised.</summary>
    public void Promised(Islands.SimulatedBridge bridge)
    {
        Notice(Moment.Promised, bridge.Place);
        _world.Queue.After(0, () => _effects.Promised(bridge));
    }

    /// <summary>A moment came in which a fault may strike.</summary>
    public void Notice(Moment moment, int place)
    {
        for (var at = 0; !_striking && at < _pending.Count; at++)
        {
            var fault = _pending[at];
            if (IsDue(fault, moment))
            {
                // Never in the middle of what somebody does: right after it.
                _striking = true;
                _world.Queue.After(0, () => Strike(fault, place));
            }
        }
    }

    /// <summary>A trainer is about to contribute to a round: what is wrong with that.</summary>
    public Training.Spoiling? Spoil(Islands.SimulatedBridge bridge, long round) => _spoiler.Spoil(bridge, round);

    /// <summary>Whether a fault of a round may strike now, whatever the moment.</summary>
    public bool HasCome(PlannedFault fault) => _world.Referee.Round >= fault.Round || _world.Queue.Now - _since >= PatienceMicroseconds;

    /// <summary>Whether a fault no longer waits for its moment.</summary>
    public bool IsImpatient(PlannedFault fault) => _world.Referee.Round >= Math.Min(fault.Round + PatienceRounds, _world.Scenario.Rounds - LastRounds);

    /// <summary>A fault strikes now.</summary>
    public void Count(PlannedFault fault, int place, bool inFlight)
    {
        _since = _world.Queue.Now;
        Struck++;
        StruckInFlight += inFlight ? 1 : 0;
        _counts[(int)fault.Kind]++;
        _world.Trace.Add(place, 'f', (long)fault.Kind, fault.Milliseconds);
        _world.Trace.Say(place, $"FAULT {fault.Kind}, {fault.Milliseconds} ms");
    }

    private bool IsDue(PlannedFault fault, Moment moment)
    {
        if (!HasCome(fault))
        {
            return false;
        }

        if (IsImpatient(fault))
        {
            return true;
        }

        return moment == fault.Moment && (_skipped[fault] = _skipped.GetValueOrDefault(fault) + 1) > fault.Skip;
    }

    private void Strike(PlannedFault fault, int place)
    {
        (_striking, _since) = (false, _world.Queue.Now);
        var inFlight = _world.Referee.IsInFlight;
        _pending.Remove(fault);
        if (_effects.TryStrike(fault, place))
        {
            Count(fault, place, inFlight);
        }
        else
        {
            // Nobody is there whom it could strike now: it waits for a later moment, behind the others.
            _pending.Add(fault);
        }
    }
}
