using Superfactory.Model.Agents;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Sites;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Checks;

/// <summary>
/// What holds of a model in lanes besides: an island holds a round in all its lanes or in none, a round has the same contributors in each, and the island
/// promises when all of them have. Of a model in one piece there is one lane.
/// </summary>
internal sealed partial class Referee
{
    private readonly Dictionary<(int Place, int Incarnation, int Epoch), long?[]> _laneSaid = [];
    private readonly long[] _finalIn;

    /// <summary>The lanes of an island want different things of its trainer, which ends itself: only where an epoch that deals anew has not come to all of them.</summary>
    public static void Differ(SimulatedGang gang, string wishes) => Require(
        gang.Bridges.Select(bridge => bridge.Machine.State.Epoch.Number).Distinct().Count() > 1 && gang.Bridges.Any(bridge => bridge.Machine.State.History.IsNewlyDealt),
        $"the lanes of island {gang.Site.Place} want different things of its trainer: {wishes}");

    /// <summary>Whether a machine has a round otherwise than by applying it: it was given the result whole, or caught up with what its next epoch starts from.</summary>
    private bool IsOfLanes(MachineBefore before) => _scenario.Lanes > 1 && (before.Holds || before.Input is MergeInput.EpochChanged);

    /// <summary>
    /// The rounds that an island holds: what one lane has applied the others have all of. Null where a lane holds nothing, as of an island that has come.
    /// </summary>
    private long? HeldAt(long?[] heldIn, int place)
    {
        var lanes = heldIn.AsSpan(place * _scenario.Lanes, _scenario.Lanes);
        var most = lanes[0];
        foreach (var held in lanes)
        {
            if (held is null)
            {
                return null;
            }

            most = Math.Max(held.Value, most!.Value);
        }

        return most;
    }

    /// <summary>A lane promised; the island has when all have, and holds what any of them has applied.</summary>
    private void Promise(SimulatedBridge bridge, int incarnation, int epoch, long round)
    {
        var key = (bridge.Place, incarnation, epoch);
        if (!_laneSaid.TryGetValue(key, out var lanes))
        {
            _laneSaid[key] = lanes = new long?[_scenario.Lanes];
        }

        lanes[bridge.Lane] = round;
        if (Array.TrueForAll(lanes, said => said is not null))
        {
            var (least, most) = (lanes.Min()!.Value, lanes.Max()!.Value);
            _said.Add((bridge.Place, incarnation, epoch, least < 0 ? -1 : most));
        }
    }

    /// <summary>A lane that applies a round does so when all lanes of its island have everything of it, and all come to the same contributors.</summary>
    private void CheckLanes(SimulatedBridge bridge, MachineBefore before, ulong contributors, RoundTruth truth)
    {
        var state = bridge.Machine.State;
        if (_scenario.Lanes == 1 || !before.Initialised || truth.Round != before.Round)
        {
            return;
        }

        Require(contributors == truth.Contributors, $"round {truth.Round} has other contributors in lane {bridge.Lane} of island {bridge.Place} than in another");
        foreach (var other in bridge.Gang.Bridges)
        {
            Require(
                HasAll(other, state, truth.Round),
                $"island {bridge.Place} applied round {truth.Round} in lane {bridge.Lane} before everything of it was in lane {other.Lane}");
        }
    }

    private bool HasAll(SimulatedBridge other, MergeState applied, long round)
    {
        var state = other.Machine.State;
        if (state.History.Round > round)
        {
            return true;
        }

        var alone = (state.Members & ~applied.History.RefusedLast & ~(1UL << other.Place)) == 0;
        return state.Lanes.IsReady && state.History.Round == round
            && (alone || state.Lanes.Held is not null || _commits.HasAll(other.Place, other.Lane, state.Epoch.Number, round, state.Plan!));
    }

    /// <summary>What all members of an epoch hold of a lane is final in that.</summary>
    private void SettleLanes(RunEpoch epoch, long?[] held)
    {
        for (var lane = 0; lane < _finalIn.Length; lane++)
        {
            var least = epoch.Members.Min(member => held[(_world.Site(member.Island).Place * _scenario.Lanes) + lane] ?? 0);
            _finalIn[lane] = Math.Max(_finalIn[lane], least);
        }
    }

    /// <summary>Samples in results that are final in a lane.</summary>
    private long MergedIn(int lane)
    {
        var merged = 0L;
        for (var round = 0; round < Math.Min(_finalIn[lane], _results.Count); round++)
        {
            merged += _results[round].Shares.Sum(share => share.Positions.Count);
        }

        return merged;
    }
}
