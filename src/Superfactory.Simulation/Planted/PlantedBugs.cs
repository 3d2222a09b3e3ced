using System.Collections.Immutable;

namespace Superfactory.Simulation.Planted;

/// <summary>The planted bugs by name.</summary>
public static class PlantedBugs
{
    /// <summary>Every bug with its name, in the order of the protocol's promises.</summary>
    public static ImmutableArray<(string Name, PlantedBug Bug)> All { get; } =
    [
        ("merge-after-seal", PlantedBug.MergeAcceptedAfterSeal),
        ("final-before-all-hold", PlantedBug.FinalBeforeAllHold),
        ("promise-not-durable", PlantedBug.PromiseNotDurable),
        ("range-dealt-twice", PlantedBug.RangeDealtTwice),
        ("commit-before-it-came", PlantedBug.CommitBeforeItCame),
        ("torn-checkpoint-restored", PlantedBug.TornCheckpointRestored),
        ("old-incarnation-member", PlantedBug.OldIncarnationMember),
        ("stall-unnoticed", PlantedBug.StallUnnoticed),
        ("innocent-set-aside", PlantedBug.InnocentSetAside),
        ("set-aside-forgotten", PlantedBug.SetAsideForgotten),
        ("optimizer-kept", PlantedBug.OptimizerKept),
        ("anchor-before-step", PlantedBug.AnchorBeforeStep),
        ("merged-before-all-lanes", PlantedBug.MergedBeforeAllLanes),
        ("sealed-in-one-lane", PlantedBug.SealedInOneLane),
        ("norms-unchecked", PlantedBug.NormsUnchecked),
    ];

    /// <summary>The bug of a name; null where none has it.</summary>
    public static PlantedBug? Find(string name)
    {
        foreach (var (known, bug) in All)
        {
            if (string.Equals(known, name, StringComparison.Ordinal))
            {
                return bug;
            }
        }

        return null;
    }
}
