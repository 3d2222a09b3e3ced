using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Cli.Fleet;

/// <summary>What <c>superfactory fleet show --json</c> writes: a fleet with its sums, rows that are alike counted. Immutable.</summary>
internal sealed record FleetView(string Name, FleetTotals Totals, long? BudgetWatts, ImmutableArray<FleetView.Site> Sites, ImmutableArray<FleetView.Link> Links)
{
    /// <summary>The view of a fleet.</summary>
    public static FleetView Of(FleetSpecification fleet) => new(
        fleet.Name, FleetTotals.Of(fleet.Racks), fleet.Power?.Watts,
        [.. fleet.Sites.Select(static site => new Site(
            site.Name, site.Placement, site.Latitude, site.Longitude, site.Power?.Watts, FleetTotals.Of(site.Racks),
            [.. site.Floors.SelectMany(static floor => RowGroup.Of(floor).Select(group => new Rows(
                floor.Name, group.First.Name, group.Count, group.First.Power?.Watts, FleetTotals.Of(group.First.Racks),
                [.. group.First.Racks.Select(static rack => rack.Hardware.Name).Distinct()])))]))],
        [.. fleet.Links.Select(static link => new Link(link.A, link.B, link.Bandwidth.BitsPerSecond, link.RoundTrip.TotalMilliseconds))]);

    /// <summary>A site.</summary>
    internal sealed record Site(string Name, SitePlacement Placement, double? Latitude, double? Longitude, long? BudgetWatts, FleetTotals Totals, ImmutableArray<Rows> Rows);

    /// <summary>Rows that follow each other and are alike; sums are of one of them.</summary>
    internal sealed record Rows(string Floor, string First, int Count, long? BudgetWatts, FleetTotals EachTotals, ImmutableArray<string> Hardware);

    /// <summary>A link.</summary>
    internal sealed record Link(string A, string B, long BitsPerSecond, double RoundTripMilliseconds);
}

/// <summary>Rows of a floor that follow each other and are alike but for their names. Immutable.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Count">How many.</param>
internal sealed record RowGroup(FleetRow First, FleetRow Last, int Count)
{
    /// <summary>The groups of a floor.</summary>
    public static ImmutableArray<RowGroup> Of(FleetFloor floor)
    {
        var groups = ImmutableArray.CreateBuilder<RowGroup>();
        foreach (var row in floor.Rows)
        {
            // Rows of one entry of the file share their racks.
            if (groups.Count > 0 && groups[^1] is var last && last.First.Racks == row.Racks && last.First.Power == row.Power)
            {
                groups[^1] = last with { Last = row, Count = last.Count + 1 };
            }
            else
            {
                groups.Add(new RowGroup(row, row, 1));
            }
        }

        return groups.ToImmutable();
    }
}
