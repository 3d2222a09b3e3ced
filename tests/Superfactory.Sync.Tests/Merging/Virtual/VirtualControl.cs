using Superfactory.Model.Agents;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// The control plane's part in a run's membership, as <c>docs/protocol.md</c> states it: seals an epoch when a member is lost or a learner
/// is level, and decides the next one from promises. It knows nothing but what it was told.
/// </summary>
internal sealed class VirtualControl
{
    private readonly int[] _incarnations;
    private readonly bool[] _doubted;
    private readonly long?[] _promised;
    private readonly bool[] _level;
    private readonly HashSet<(int By, int Island)> _rejected = [];
    private readonly bool[] _aside;

    private RunSchedule? _wanted;
    private int _changes;
    private long _changedIn;

    /// <summary>A control plane before anything has happened.</summary>
    /// <param name="islands">Islands of the job.</param>
    /// <param name="schedule">What the run begins with, where it chooses that by itself.</param>
    public VirtualControl(int islands, RunSchedule? schedule = null)
    {
        _wanted = schedule;
        _incarnations = [.. Enumerable.Repeat(1, islands)];
        (_doubted, _promised, _level, _aside) = (new bool[islands], new long?[islands], new bool[islands], new bool[islands]);
        Epoch = new RunEpoch
        {
            Number = 1,
            Islands = [.. Enumerable.Range(0, islands).Select(NameOf)],
            Members = [.. Enumerable.Range(0, islands).Select(Present)],
            Schedule = schedule,
        };
    }

    /// <summary>Now and then chooses what is merged from the next epoch on; spread over the run, with no second change in a round.</summary>
    public bool TryChange(SeededRandom random, Scenario scenario, long round)
    {
        if (_changes >= scenario.ModeChanges || round <= _changedIn || !random.OneIn(10))
        {
            return false;
        }

        (_changes, _changedIn, _wanted) = (_changes + 1, round, random.Pick(scenario.Schedules));
        return true;
    }

    public RunEpoch Epoch { get; private set; }

    /// <summary>How often every member had lost its memory, so that the run began again.</summary>
    public int Restarts { get; private set; }

    public bool IsMember(int island) => Epoch.Members.Contains(Present(island));

    public bool IsDoubted(int island) => _doubted[island];

    public bool IsAside(int island) => _aside[island];

    public int IncarnationOf(int island) => _incarnations[island];

    public void Die(int island)
    {
        _incarnations[island]++;
        (_promised[island], _level[island], _doubted[island]) = (null, false, false);
    }

    public void Doubt(int island, bool doubted) => _doubted[island] = doubted;

    public void Sealed(int island, int incarnation, int epoch, long round)
    {
        if (incarnation == _incarnations[island] && epoch == Epoch.Number)
        {
            _promised[island] = round;
        }
    }

    public void Level(int island, int incarnation, int epoch) => _level[island] |= incarnation == _incarnations[island] && epoch == Epoch.Number;

    /// <summary>An island refused another too often in a row: that one is set aside where most of the others say so.</summary>
    public void Reject(int by, int incarnation, int epoch, int island)
    {
        if (incarnation != _incarnations[by] || epoch != Epoch.Number || !IsMember(island) || !_rejected.Add((by, island)))
        {
            return;
        }

        var others = Places().Where(other => other != island && IsMember(other) && !IsOut(other)).ToList();
        _aside[island] |= 2 * others.Count(other => _rejected.Contains((other, island))) > others.Count;
    }

    /// <summary>Does what follows from what it knows.</summary>
    /// <returns>Whether islands are to be told.</returns>
    public bool Step()
    {
        if (!Epoch.Sealed)
        {
            return TrySeal() || TryLearners();
        }

        var members = Places().Where(island => IsMember(island) && !_aside[island]).ToList();
        if (members.Count == 0)
        {
            Restarts++;
            Decide([.. Places().Where(island => !IsOut(island))], -1);
            return true;
        }

        var survivors = members.Where(island => !IsOut(island)).ToList();
        if (survivors.Count == 0 || survivors.Any(island => _promised[island] is null))
        {
            return false;
        }

        var start = survivors.Max(island => _promised[island]!.Value);
        if (start < Epoch.Start && members.Any(island => _promised[island] is null))
        {
            // Only somebody who has not promised holds what the epoch started with.
            return false;
        }

        Restarts += start < Epoch.Start || start < 0 ? 1 : 0;
        var others = Places().Where(island => !IsMember(island) && !IsOut(island) && (start < 0 ? IsFresh(island) : _level[island]));
        Decide([.. survivors.Concat(others).Order()], start);
        return true;
    }

    private bool TrySeal()
    {
        var lost = Epoch.Members.Any(member => member != Present(PlaceOf(member)) || IsOut(PlaceOf(member)));
        var level = Epoch.Learners.Any(learner => learner == Present(PlaceOf(learner)) && _level[PlaceOf(learner)] && !IsOut(PlaceOf(learner)));
        if (!lost && !level && _wanted == Epoch.Schedule)
        {
            return false;
        }

        Epoch = Epoch with { Sealed = true, Change = Epoch.Change + 1 };
        return true;
    }

    private bool TryLearners()
    {
        RunMember[] learners = [.. Learners()];
        if (Epoch.Learners.SequenceEqual(learners))
        {
            return false;
        }

        Epoch = Epoch with { Learners = [.. learners], Change = Epoch.Change + 1 };
        return true;
    }

    private void Decide(int[] members, long start)
    {
        _wanted = start < 0 && _wanted is not null ? RunSchedule.First : _wanted;
        Epoch = new RunEpoch
        {
            Number = Epoch.Number + 1,
            Islands = Epoch.Islands,
            Members = [.. members.Select(Present)],
            Start = start,
            Schedule = _wanted,
        };
        Epoch = Epoch with { Learners = [.. Learners()] };
        Array.Clear(_promised);
        Array.Clear(_level);
        _rejected.Clear();
    }

    private IEnumerable<RunMember> Learners() => Places().Where(island => !IsMember(island) && !IsOut(island)).Select(Present);

    private bool IsOut(int island) => _doubted[island] || _aside[island];

    /// <summary>An incarnation that was never a member has nothing to promise.</summary>
    private bool IsFresh(int island) => !Epoch.Members.Any(member => member.Island == NameOf(island) && member.Incarnation == _incarnations[island]);

    private IEnumerable<int> Places() => Enumerable.Range(0, _incarnations.Length);

    private RunMember Present(int island) => new(NameOf(island), _incarnations[island]);

    private int PlaceOf(RunMember member) => Epoch.Islands.IndexOf(member.Island);

    private static string NameOf(int island) => $"island-{island}";
}
