using Superfactory.Model.Fleet;

namespace Superfactory.Cli.Fleet;

/// <summary>Sums over racks. Immutable.</summary>
/// <param name="Racks">Racks.</param>
/// <param name="Accelerators">Accelerators, spares included.</param>
/// <param name="Schedulable">Accelerators that jobs can have at once.</param>
/// <param name="IdleWatts">Watts with all idle.</param>
/// <param name="ScheduledWatts">Watts with every schedulable accelerator at its peak and the spares idle.</param>
/// <param name="PeakWatts">Watts with every accelerator at its peak.</param>
internal sealed record FleetTotals(long Racks, long Accelerators, long Schedulable, long IdleWatts, long ScheduledWatts, long PeakWatts)
{
    /// <summary>The sums of some racks.</summary>
    public static FleetTotals Of(IEnumerable<FleetRack> racks)
    {
        var sum = new FleetTotals(0, 0, 0, 0, 0, 0);
        foreach (var rack in racks)
        {
            sum = new FleetTotals(
                sum.Racks + 1, sum.Accelerators + rack.Accelerators, sum.Schedulable + rack.Schedulable, sum.IdleWatts + rack.IdleWatts,
                sum.ScheduledWatts + rack.IdleWatts + ((long)rack.Schedulable * rack.Hardware.AcceleratorWatts), sum.PeakWatts + rack.PeakWatts);
        }

        return sum;
    }
}
