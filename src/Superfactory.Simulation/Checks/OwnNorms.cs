using Superfactory.Model.Jobs;
using Superfactory.Simulation.Sites;
using Superfactory.Simulation.Training;
using Superfactory.Sync.Fragments;

namespace Superfactory.Simulation.Checks;

/// <summary>
/// Whether a sound contribution is over the limit of norms all the same. A fragment of few parameters has norms that lie far apart, and who trains the same samples again after a refusal is refused again.
/// Its norm is reckoned here by plain loops, before the format rounds anything; the median is the one that its bridge holds.
/// </summary>
internal static class OwnNorms
{
    /// <summary>What rounding to the format may take of a norm.</summary>
    private const double Rounding = 0.98;

    /// <summary>Whether any fragment of any lane is over the limit. In streaming the island itself knows no start: nothing is.</summary>
    public static bool AreOver(SimulatedGang gang, GivenRound given, Scenario scenario)
    {
        foreach (var bridge in gang.Bridges)
        {
            if (given.Start.Length == 0 || bridge.Machine.State.Plan is not { } plan)
            {
                continue;
            }

            var first = scenario.RangeOf(bridge.Lane).Start.Value;
            foreach (var fragment in plan.Fragments)
            {
                if (bridge.Machine.State.History.Norms.IsOver(fragment.Index, SquaredNorm(plan, fragment.Index, first, given), Rounding * scenario.Sync.NormLimit))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static double SquaredNorm(FragmentPlan plan, int fragment, int first, GivenRound given)
    {
        var squared = 0.0;
        for (var chunk = fragment; chunk < plan.Chunks; chunk += plan.Fragments.Length)
        {
            var span = plan.SpanOf(chunk);
            for (var index = first + span.Offset; index < first + span.Offset + span.Length; index++)
            {
                double number = given.Mode == SyncMode.EveryStep ? given.Given[index] : given.Start[index] - given.Given[index];
                squared += number * number;
            }
        }

        return squared;
    }
}
