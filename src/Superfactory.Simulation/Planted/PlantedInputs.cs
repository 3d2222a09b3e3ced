using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Islands;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Simulation.Planted;

/// <summary>What a host with a planted bug tells its machine although it did not happen.</summary>
internal static class PlantedInputs
{
    /// <summary>Whom a host says that it rejects: with the schedule's bug every other member, from the fourth round on.</summary>
    /// <param name="world">The schedule.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="found">Whom its machine rejects.</param>
    public static ImmutableArray<IslandRejection> Rejections(World world, SimulatedBridge bridge, ImmutableArray<IslandRejection> found)
    {
        var state = bridge.Machine.State;
        return world.Planted != PlantedBug.InnocentSetAside || state is not { SelfIsMember: true, History.Round: > 3 } ? found
            : [.. state.Fellows.Select(fellow => new IslandRejection(state.NameOf(fellow.Index), "Made up."))];
    }

    /// <summary>What a host tells its machine of the job: with the schedule's bug, where norms are found as numbers are merged, that none is too large.</summary>
    /// <param name="world">The schedule.</param>
    /// <param name="sync">What the job says.</param>
    public static SyncSpecification Sync(World world, SyncSpecification sync) =>
        world is { Planted: PlantedBug.NormsUnchecked, Scenario.IsNear: true } ? sync with { NormLimit = 0 } : sync;

    /// <summary>Adds what the schedule's bug makes up after an input.</summary>
    /// <param name="world">The schedule.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="before">The round that its machine worked on before the input.</param>
    /// <param name="inputs">Takes what is made up.</param>
    public static void Add(World world, SimulatedBridge bridge, long before, Queue<MergeInput> inputs)
    {
        var state = bridge.Machine.State;
        if (state is not { SelfIsMember: true, Initialised: true, Sealed: false, Failed: false, Table: not null })
        {
            return;
        }

        if (world.Planted == PlantedBug.FinalBeforeAllHold && state.History.Round > before)
        {
            foreach (var fellow in state.Fellows)
            {
                inputs.Enqueue(new MergeInput.Received(fellow.Index, new AppliedMessage
                {
                    Epoch = state.Epoch.Number,
                    Incarnation = state.IncarnationOf(fellow.Index),
                    Round = state.History.Round - 1,
                    StateHash = state.Replica!.StateHash,
                }));
            }
        }

        if (world.Planted == PlantedBug.MergedBeforeAllLanes && state.Lanes is { IsReady: true, AllReady: false })
        {
            foreach (var other in bridge.Gang.Bridges)
            {
                inputs.Enqueue(new MergeInput.LaneSaid(new LaneStatus { Lane = other.Lane, Epoch = state.Epoch.Number, Round = state.History.Round, Fragments = other.Machine.State.Plan?.Fragments.Length ?? 0, Ready = state.History.Round }));
            }
        }

        if (world.Planted == PlantedBug.CommitBeforeItCame && bridge.Machine.Exchange is { Own: not null, Work: { Decision: { } decision } work })
        {
            foreach (var fragment in state.Plan!.Fragments)
            {
                if (work.Commits[fragment.Index] is null && work.Missing(fragment) == 0 && work.LeaderOf(fragment) is var leader && leader != bridge.Place)
                {
                    inputs.Enqueue(new MergeInput.Received(leader, new CommitMessage
                    {
                        Epoch = state.Epoch.Number,
                        Incarnation = state.IncarnationOf(leader),
                        Round = state.History.Round,
                        Attempt = work.Attempt,
                        Fragment = fragment.Index,
                        Contributors = decision.Contributors,
                        Weights = decision.Weights,
                        Hash = decision.Contributors == 0 ? 0 : work.HashOf(fragment),
                    }));
                }
            }
        }
    }
}
