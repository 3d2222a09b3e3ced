using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Network;
using Superfactory.Simulation.Training;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Faults;

/// <summary>The faults that strike a contribution itself: its loss or numbers are not finite or far too large, or a chunk of it is altered on its way.</summary>
/// <param name="world">The schedule.</param>
/// <param name="director">Counts what strikes.</param>
/// <param name="faults">Those of the schedule's faults that are such.</param>
internal sealed class Spoiler(World world, Director director, IEnumerable<PlannedFault> faults)
{
    /// <summary>Contributions of one island that are spoiled at most: after three that are refused in a row an island is set aside, and with all of them a run ends, as it should.</summary>
    private const int SpoiledMax = 2;

    /// <summary>Contributions of a broken trainer that are spoiled at most: epochs that change meanwhile, and rounds without it, put off that it is set aside.</summary>
    private const int BrokenMax = 12;

    /// <summary>Rounds before the end from which on no trainer breaks: it takes some to set its island aside.</summary>
    private const int BrokenRounds = 6;

    private readonly List<PlannedFault> _pending = [.. faults];
    private readonly int[] _spoiled = new int[world.Scenario.Islands];
    private int _broken = -1;
    private int _given;
    private readonly Dictionary<PlannedFault, int> _passed = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether a fault of a kind is one of these.</summary>
    public static bool IsOne(FaultKind kind) => kind is FaultKind.NonFiniteContribution or FaultKind.OversizedContribution or FaultKind.CorruptContribution or FaultKind.BrokenTrainer;

    /// <summary>A trainer is about to contribute to a round: what is wrong with that; null for nothing.</summary>
    public Spoiling? Spoil(SimulatedBridge bridge, long round)
    {
        if (IsBroken)
        {
            // Where nobody else is there the run is to fail, as it should.
            return bridge.Place == _broken && world.Referee.Members > 1 && _given++ < BrokenMax ? new Spoiling(_given % 2 == 0 ? SpoilingKind.Loss : SpoilingKind.Number) : null;
        }

        foreach (var fault in _pending)
        {
            if (fault.Kind == FaultKind.CorruptContribution || !director.HasCome(fault) || !MaySpoil(bridge, fault.Kind, round) || Passes(fault))
            {
                continue;
            }

            Strike(fault, bridge.Place);
            _broken = fault.Kind == FaultKind.BrokenTrainer ? bridge.Place : _broken;
            return new Spoiling(fault.Kind == FaultKind.OversizedContribution ? SpoilingKind.Size : fault.Dice % 2 == 0 ? SpoilingKind.Loss : SpoilingKind.Number);
        }

        return null;
    }

    /// <summary>A chunk of a contribution goes out: alters it, where that is due.</summary>
    public bool Corrupt(Link link, ChunkMessage chunk, byte[] bytes)
    {
        foreach (var fault in _pending)
        {
            if (fault.Kind != FaultKind.CorruptContribution || IsBroken || !director.HasCome(fault) || _spoiled[link.From] >= SpoiledMax || Passes(fault))
            {
                continue;
            }

            Strike(fault, link.From);
            world.Referee.Corrupted(link.From);
            bytes[^1] ^= 0x40;
            return true;
        }

        return false;
    }

    /// <summary>Whether a trainer is broken whose island takes part: all others' contributions are sound, for a run whose islands are all refused fails.</summary>
    private bool IsBroken => _broken >= 0 && _given < BrokenMax && !world.Referee.IsAside(_broken);

    private bool MaySpoil(SimulatedBridge bridge, FaultKind kind, long round) =>
        (kind != FaultKind.BrokenTrainer || (_broken < 0 && world.Referee.Members > 1 && round < world.Scenario.Rounds - BrokenRounds)) &&
        _spoiled[bridge.Place] < SpoiledMax && round == bridge.Machine.Round && world.MaySpoil(round) && (kind != FaultKind.OversizedContribution || HasNorms(bridge.Machine));

    /// <summary>Whether enough norms were accepted for one to be compared with them.</summary>
    private static bool HasNorms(MergeMachine machine)
    {
        var norms = machine.State.History.Norms;
        for (var fragment = 0; fragment < norms.Fragments; fragment++)
        {
            if (norms.Median(fragment) is > 0)
            {
                return true;
            }
        }

        return false;
    }

    private bool Passes(PlannedFault fault) => !director.IsImpatient(fault) && (_passed[fault] = _passed.GetValueOrDefault(fault) + 1) <= fault.Skip;

    private void Strike(PlannedFault fault, int place)
    {
        _pending.Remove(fault);
        _spoiled[place]++;
        director.Count(fault, place, world.Referee.IsInFlight || fault.Kind != FaultKind.CorruptContribution);
    }
}
