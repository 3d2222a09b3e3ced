using System.Collections.Immutable;

namespace Superfactory.Core.Planning;

/// <summary>What the scheduler is told to be out of service, at sites that the fleet places.</summary>
/// <param name="Swapped">Nodes of racks that hold no more without them: a spare takes the place of each before anything is placed.</param>
/// <param name="Whole">Everything else: nothing more is placed there, and what runs there holds it on.</param>
internal sealed record OutagePlaces(List<string> Swapped, List<string> Whole)
{
    /// <summary>What is out of service in a state, by what gangs hold.</summary>
    public static OutagePlaces Of(FactoryState state, ImmutableHashSet<string> placed, IEnumerable<(ImmutableArray<string> Domains, int Accelerators)> gangs)
    {
        var places = new OutagePlaces([], [.. placed.Where(site => !state.IsOpen(site)).Order(StringComparer.Ordinal)]);
        Dictionary<string, long>? held = null;
        foreach (var target in FleetPlaces.Below(state).Where(target => placed.Contains(target[..target.IndexOf('/', StringComparison.Ordinal)])))
        {
            if (FleetPlaces.RackOf(target) is not { } rack || rack == target || !state.Fleet!.Racks.TryGetValue(rack, out var known) || !known.Rack.Hardware.IsRackScale)
            {
                places.Whole.Add(target);
                continue;
            }

            if (held is null)
            {
                held = new Dictionary<string, long>(StringComparer.Ordinal);
                foreach (var (domains, accelerators) in gangs)
                {
                    FleetPlaces.Add(held, domains, accelerators);
                }
            }

            // Which nodes of a rack a gang is on is its engine's business: while more is held than is left nothing more goes there.
            if (held.GetValueOrDefault(rack) <= FleetPlaces.Offered(state, rack))
            {
                places.Swapped.Add(target);
            }
            else
            {
                places.Whole.Add(rack);
            }
        }

        return places;
    }
}
