using System.Collections.Immutable;

namespace Superfactory.Core;

/// <summary>What gangs on racks draw of the budgets of racks and rows, stopping or not. Pure.</summary>
internal static class FleetDraw
{
    /// <summary>Whether the racks and rows of gangs that are to start feed them beside all that draws there now.</summary>
    public static bool Fits(FactoryState state, FactoryFleet fleet, ImmutableArray<GangPlace> gangs, List<GangPlace> added)
    {
        var (racks, rows) = (new Dictionary<string, long>(StringComparer.Ordinal), new Dictionary<string, long>(StringComparer.Ordinal));
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            foreach (var island in job.Islands.AddRange(job.Strays).Where(static island => island.HoldsSlot && !island.Places.IsEmpty))
            {
                Draw(racks, rows, new GangPlace(job, island.Site, job.HardwareOf(island), island.Places, job.AcceleratorsOf(island)));
            }
        }

        added.ForEach(gang => Draw(racks, rows, gang));
        foreach (var rack in gangs.SelectMany(static gang => gang.Domains).Select(FleetPlaces.RackOf).Distinct(StringComparer.Ordinal))
        {
            if (rack is null || !fleet.Racks.TryGetValue(rack, out var place)
                || place.Rack.IdleWatts + racks[rack] > place.Rack.Power.Watts
                || (place.Row.Power is { } power && place.Row.Racks.Sum(static each => each.IdleWatts) + rows[RowOf(rack)] > power.Watts))
            {
                return false;
            }
        }

        return true;
    }

    private static void Draw(Dictionary<string, long> racks, Dictionary<string, long> rows, GangPlace gang)
    {
        foreach (var domain in gang.Domains)
        {
            if (FleetPlaces.RackOf(domain) is { } rack)
            {
                var watts = FleetCapacity.Watts(gang.Job.Specification, gang.Hardware, gang.Accelerators / gang.Domains.Length);
                racks[rack] = racks.GetValueOrDefault(rack) + watts;
                rows[RowOf(rack)] = rows.GetValueOrDefault(RowOf(rack)) + watts;
            }
        }
    }

    private static string RowOf(string rack) => rack[..rack.LastIndexOf('/')];
}
