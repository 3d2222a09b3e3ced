using Superfactory.Model.Agents;
using Superfactory.Simulation.Islands;

namespace Superfactory.Simulation.Checks;

/// <summary>
/// What becomes final in an epoch after the next is decided: a member that was stopped has all of a round that the others held as they promised, applies
/// it as it goes on, and knows from their own words that all hold it. Each later epoch started with it.
/// </summary>
internal sealed partial class Referee
{
    private readonly List<FormerEpoch> _former = [];

    /// <summary>An epoch follows another; one that begins the run again has none before it.</summary>
    private void Follow(RunEpoch? before, RunEpoch epoch)
    {
        if (epoch.Start < 0 || before is null)
        {
            _former.Clear();
            return;
        }

        foreach (var former in _former)
        {
            former.Kept = Math.Min(former.Kept, epoch.Start);
        }

        _former.Add(new FormerEpoch(before, (long?[])_held.Clone(), epoch.Start));
    }

    /// <summary>A machine that has not heard of the present epoch has taken an input.</summary>
    private void SeeFormer(SimulatedBridge bridge, int incarnation)
    {
        var (state, place, name) = (bridge.Machine.State, bridge.Place, bridge.Gang.Site.Name);
        var former = _former.Find(each => each.Epoch.Number == state.Epoch.Number);
        if (!state.Initialised || former is null || !former.Epoch.Members.Any(member => member.Incarnation == incarnation && member.Island == name))
        {
            return;
        }

        ref var held = ref former.Held[(place * _scenario.Lanes) + bridge.Lane];
        var round = state.History.Round;
        if (held == round)
        {
            return;
        }

        held = round;
        Require(
            round == 0 || round > former.Kept || _results[(int)round - 1].Is(bridge.Lane, state.CommonHash),
            $"round {round - 1} came out otherwise at island {place} in epoch {state.Epoch.Number}, after another was decided");
        var least = Least(former.Epoch, former.Held);
        Require(least <= former.Kept, $"all of epoch {state.Epoch.Number} hold {least} rounds, and a later one has {former.Kept} of them");
        Settle(former.Epoch, former.Held);
    }
}
