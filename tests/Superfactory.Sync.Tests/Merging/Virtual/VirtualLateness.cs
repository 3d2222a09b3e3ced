using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>Trainers that are slower than others, and hosts whose patience with late islands may end at any time: how long they wait is nothing that the model may depend on.</summary>
internal sealed class VirtualLateness(Scenario scenario, SeededRandom random)
{
    /// <summary>Whether an island's trainer, that of the last one, lets a chance to go on pass.</summary>
    public bool Sleeps(int island) => scenario.SlowOneIn > 0 && island == scenario.Islands - 1 && !random.OneIn(scenario.SlowOneIn);

    /// <summary>Where nobody else has anything to do, the slow one goes on.</summary>
    public bool TryWake(VirtualTrainer? trainer, Action<MergeInput> handle, List<Action> actions)
    {
        if (scenario.SlowOneIn > 0 && trainer?.Next is not null)
        {
            actions.Add(() => handle(trainer.Act()));
        }

        return actions.Count > 0;
    }

    /// <summary>Adds that a host's grace is over, where a round could close.</summary>
    public void Add(List<Action> actions, IReadOnlyList<MergeMachine> machines, Action<int, MergeInput> handle)
    {
        for (var island = 0; island < machines.Count; island++)
        {
            var (self, machine) = (island, machines[island]);
            if (machine.IsQuorate && random.OneIn(8))
            {
                actions.Add(() => handle(self, new MergeInput.GraceOver(machine.Attempt)));
            }
        }
    }
}
