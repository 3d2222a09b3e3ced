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

    private readonly List<PlannedFault> _pending = [.. faults];
    private readonly int[] _spoiled = new int[world.Scenario.Islands];
    private readonly Dictionary<PlannedFault, int> _passed = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether a fault of a kind is one of these.</summary>
    public static bool IsOne(FaultKind kind) => kind is FaultKind.NonFiniteContribution or FaultKind.OversizedContribution or FaultKind.CorruptContribution;

    /// <summary>A trainer is about to contribute to a round: what is wrong with that; null for nothing.</summary>
    public Spoiling? Spoil(SimulatedBridge bridge, long round)
    {
        foreach (var fault in _pending)
        {
            if (fault.Kind == FaultKind.CorruptContribution || !director.HasCome(fault) || !MaySpoil(bridge, fault.Kind, round) || Passes(fault))
            {
                continue;
            }

            Strike(fault, bridge.Place);
            return new Spoiling(fault.Kind == FaultKind.OversizedContribution ? SpoilingKind.Size : fault.Dice % 2 == 0 ? SpoilingKind.Loss : SpoilingKind.Number);
        }

        return null;
    }

    /// <summary>A chunk of a contribution goes out: alters it, where that is due.</summary>
    public bool Corrupt(Link link, ChunkMessage chunk, byte[] bytes)
    {
        foreach (var fault in _pending)
        {
            if (fault.Kind != FaultKind.CorruptContribution || !director.HasCome(fault) || _spoiled[link.From] >= SpoiledMax || Passes(fault))
            {
                continue;
            }

            Strike(fault, link.From);
            bytes[^1] ^= 0x40;
            return true;
        }

        return false;
    }

    private bool MaySpoil(SimulatedBridge bridge, FaultKind kind, long round) =>
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
