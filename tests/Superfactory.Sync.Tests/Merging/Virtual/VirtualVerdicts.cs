using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>Tells the control plane whom an island does not accept any more, for good or in this epoch; once each.</summary>
internal sealed class VirtualVerdicts(VirtualControl control)
{
    private readonly HashSet<(int Epoch, int By, int Island)> _rejected = [];
    private readonly HashSet<(int Epoch, int Island)> _mistrusted = [];

    /// <summary>A machine has taken an input.</summary>
    public void Take(int island, MergeMachine machine, Action<Action> report)
    {
        var (epoch, incarnation) = (machine.State.Epoch.Number, control.IncarnationOf(island));
        foreach (var rejection in machine.Rejections)
        {
            var place = machine.State.Roster.IndexOf(rejection.Island);
            if (_rejected.Add((epoch, island, place)))
            {
                report(() => control.Reject(island, incarnation, epoch, place));
            }
        }

        for (var place = 0; place < machine.State.Count; place++)
        {
            var leader = place;
            if (machine.IsMistrusted(leader) && _mistrusted.Add((epoch, leader)))
            {
                report(() =>
                {
                    if (control.Epoch.Number == epoch)
                    {
                        control.Doubt(leader, true);
                    }
                });
            }
        }
    }
}
